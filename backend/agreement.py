"""How far people agree, and how often they are right: figures over votes, nothing stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt

Votes = Mapping[str, str]
"""One unit: person -> what that person said of it."""

_Z = 1.959964  # 95 % of a normal distribution lies within


def krippendorff_alpha(units: Sequence[Votes]) -> float | None:
    """Give Krippendorff's alpha for nominal values; None where no unit has two votes or all votes are alike.

    Source: K. Krippendorff, Content Analysis, ch. 11: alpha = 1 - D_o / D_e with the coincidence matrix,
    o_ck = sum over units of (pairs of votes c, k) / (votes of the unit - 1).
    """
    weights: dict[tuple[str, str], float] = {}
    for unit in units:
        values = list(unit.values())
        if len(values) < 2:
            continue
        counts = Counter(values)
        for one, n_one in counts.items():
            for other, n_other in counts.items():
                pairs = n_one * (n_other - (one == other))
                weights[one, other] = weights.get((one, other), 0.0) + pairs / (len(values) - 1)
    totals: dict[str, float] = {}
    for (one, _), weight in weights.items():
        totals[one] = totals.get(one, 0.0) + weight
    n = sum(totals.values())
    expected = n * n - sum(total * total for total in totals.values())
    if n <= 1 or expected == 0:
        return None
    observed = sum(weight for (one, other), weight in weights.items() if one != other)
    return 1.0 - (n - 1) * observed / expected


def cohen_kappa(units: Sequence[Votes]) -> float | None:
    """Give Cohen's kappa of two people over the units both judged; None where it is undefined.

    Source: J. Cohen, Educational and Psychological Measurement 20, 1960: (p_o - p_e) / (1 - p_e).
    """
    people = sorted({person for unit in units for person in unit})
    if len(people) != 2:
        return None
    both = [(unit[people[0]], unit[people[1]]) for unit in units if len(unit) == 2]
    if not both:
        return None
    n = len(both)
    alike = sum(one == other for one, other in both) / n
    first, second = Counter(one for one, _ in both), Counter(other for _, other in both)
    chance = sum(first[value] * second[value] for value in first) / (n * n)
    return None if chance == 1.0 else (alike - chance) / (1.0 - chance)


def wilson(right: int, n: int) -> tuple[float, float] | None:
    """Give the 95 % interval of a share, right of n; None for n = 0.

    Source: E. B. Wilson, JASA 22, 1927.
    """
    if n == 0:
        return None
    share = right / n
    middle = (share + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)
    return max(0.0, middle - half), min(1.0, middle + half)
