"""What several people's votes on one question say together: a majority, weighted by how reliable each person is.

Weight of a person: log((1 - e) / e), e their error rate on pairs whose truth is known. Of independent
voters on two choices no other rule is right more often.
Source: S. Nitzan, J. Paroush, International Economic Review 23, 1982, theorem 1; differs: e is
estimated, drawn towards START_ERROR as by DRAW answers, and kept within BOUNDS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import log
from typing import TypeVar

from ucal.errors import AnswerError
from ucal.types import Answer, Kind, TileAnswer, Verdict

START_ERROR = 0.02  # of a person who has not been checked yet
DRAW = 10.0  # checked answers that the start counts for
BOUNDS = (0.005, 0.45)  # nobody is certain, and nobody is believed to be wrong on purpose

Value = TypeVar("Value", bound=Hashable)


def error_rate(right: int, checked: int) -> float:
    """Estimate how often a person errs, from `right` of `checked` answers to pairs whose truth is known.

    Raises:
        ValueError: more right than checked, or a negative count.
    """
    if not 0 <= right <= checked:
        raise ValueError(f"expected 0 <= right <= checked, got {right} of {checked}")
    rate = (checked - right + DRAW * START_ERROR) / (checked + DRAW)
    return min(max(rate, BOUNDS[0]), BOUNDS[1])


def weight(error: float) -> float:
    """Give the weight of a vote of somebody with this error rate in (0, .5)."""
    return log((1.0 - error) / error)


def surprise(error: float, p: float) -> float:
    """Give how probable it is that an answer is a slip: P(wrong | the answer, what the model believed).

    error: of the person; p: the model's probability of what the person said, in (0, 1).
    By Bayes' rule: e (1 - p) / (e (1 - p) + (1 - e) p).
    """
    slip, meant = error * (1.0 - p), (1.0 - error) * p
    return slip / (slip + meant)


def differ(votes: Sequence[Answer]) -> bool:
    """Say whether votes on one question contradict each other, so that one more is worth its time.

    Of a pair: any two different verdicts. Of a page: a tile that one calls the same and another different.
    """
    if any(vote.kind is not votes[0].kind for vote in votes):
        raise AnswerError("expected votes on one question, got votes of several kinds")
    if votes[0].kind is Kind.CONFLICT:
        return len({_settled(vote) for vote in votes}) > 1
    if votes[0].kind is not Kind.PAGE:
        return len({(vote.verdict, vote.bad_rows) for vote in votes}) > 1
    said: dict[int, set[Verdict]] = {}
    for vote in votes:
        for tile in vote.tiles:
            said.setdefault(tile.row, set()).add(tile.verdict)
    return any({Verdict.SAME, Verdict.DIFFERENT} <= verdicts for verdicts in said.values())


def combined(votes: Sequence[Answer], weights: Mapping[str, float], id_: str) -> Answer:
    """Make the one answer that these votes give: of every pair the verdict of the greatest weight, a tie is UNSURE.

    votes: of one question, in the order they came, one a person; weights: person -> weight, as `weight`
    gives it; somebody who is not in it has the weight of a newcomer. A row is a bad image, and a row of
    a tile an odd one, where more than half of the weight says so. The seconds are the sum.

    Raises:
        AnswerError: no vote, or votes on different questions.
    """
    if len({vote.question for vote in votes}) != 1:
        raise AnswerError(f"expected votes on one question, got {sorted({vote.question for vote in votes})}")
    each = [weights.get(vote.person, weight(START_ERROR)) for vote in votes]
    first = dataclasses.replace(
        votes[0], id=id_, person="", seconds=sum(vote.seconds for vote in votes), at=votes[-1].at
    )
    if first.kind is Kind.PAGE:
        return _page(first, votes, each)
    if first.kind is Kind.CONFLICT:
        return _conflict(first, votes, each)
    verdict = heaviest([(vote.verdict, heavy) for vote, heavy in zip(votes, each, strict=True)])
    bad: tuple[int, ...] = ()
    if verdict is Verdict.BAD_IMAGE:
        callers = [(vote, heavy) for vote, heavy in zip(votes, each, strict=True) if vote.verdict is verdict]
        bad = _by_half([(vote.bad_rows, heavy) for vote, heavy in callers]) or callers[0][0].bad_rows
    return dataclasses.replace(first, verdict=verdict or Verdict.UNSURE, bad_rows=bad)


def _settled(vote: Answer) -> tuple[int, int, Verdict, tuple[int, ...]]:
    """Give what an answer to a conflict says: of which pair what, or which images are bad."""
    return vote.left, vote.right, vote.verdict, vote.bad_rows


def _conflict(first: Answer, votes: Sequence[Answer], each: Sequence[float]) -> Answer:
    said = heaviest([(_settled(vote), heavy) for vote, heavy in zip(votes, each, strict=True)])
    left, right, verdict, bad = said or (first.left, first.right, Verdict.UNSURE, ())
    return dataclasses.replace(first, left=left, right=right, verdict=verdict, bad_rows=bad)


def _page(first: Answer, votes: Sequence[Answer], each: Sequence[float]) -> Answer:
    tiles: dict[int, list[tuple[TileAnswer, float]]] = {}
    for vote, heavy in zip(votes, each, strict=True):
        for tile in vote.tiles:
            tiles.setdefault(tile.row, []).append((tile, heavy))
    judged = tuple(_tile(said) for said in tiles.values())
    bad = {tile.row for tile in judged if tile.verdict is Verdict.BAD_IMAGE}
    if first.left in _by_half([(vote.bad_rows, heavy) for vote, heavy in zip(votes, each, strict=True)]):
        bad.add(first.left)
    if not judged:  # all of them said that the anchor is bad
        return dataclasses.replace(first, tiles=(), verdict=Verdict.BAD_IMAGE, bad_rows=tuple(sorted(bad)))
    return dataclasses.replace(
        first, tiles=judged, right=judged[0].row, verdict=judged[0].verdict, bad_rows=tuple(sorted(bad))
    )


def _tile(said: Sequence[tuple[TileAnswer, float]]) -> TileAnswer:
    verdict = heaviest([(tile.verdict, heavy) for tile, heavy in said]) or Verdict.UNSURE
    odd = _by_half([(tile.odd, heavy) for tile, heavy in said])
    return dataclasses.replace(said[0][0], verdict=verdict, odd=odd)


def heaviest(said: Iterable[tuple[Value, float]]) -> Value | None:
    """Give the value of the greatest total weight; None where the greatest two weigh the same."""
    totals: dict[Value, float] = {}
    for value, heavy in said:
        totals[value] = totals.get(value, 0.0) + heavy
    ranked = sorted(totals.items(), key=lambda item: -item[1])
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] <= 1e-9 * ranked[0][1]:
        return None
    return ranked[0][0]


def _by_half(said: Sequence[tuple[Sequence[int], float]]) -> tuple[int, ...]:
    """Give the rows that more than half of the weight names."""
    totals: dict[int, float] = {}
    for rows, heavy in said:
        for row in set(rows):
            totals[row] = totals.get(row, 0.0) + heavy
    half = sum(heavy for _, heavy in said) / 2
    return tuple(sorted(row for row, total in totals.items() if total > half * (1 + 1e-9)))
