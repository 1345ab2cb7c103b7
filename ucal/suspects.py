"""Which of the answers that cannot all be true is wrong? The likeliest first, so that people look at few.

A "different" between two rows that a chain of "same" joins: either it is wrong, or enough "same"
are that the rows fall apart, the cheapest such set being a minimum cut. Each answer weighs the log
odds of being right, from what the features say of its pair. Measured against the plain chain and
against the chain's weakest first: docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from ucal.closure import Pair
from ucal.conflicts import Conflict, beside_of, reached
from ucal.efficient.belief import Logistic, fit
from ucal.memory import LabelMemory
from ucal.neighbours import pair_similarities
from ucal.types import FloatArray, Verdict
from ucal.votes import START_ERROR

Double = NDArray[np.float64]
_LATEST = 2000  # judged pairs that P(same) is fitted to
_STRENGTH = 2.0  # of these against the penalty on the slope
_UNIT = 1000.0  # steps of capacity in one unit of log odds: flows are whole numbers
_CERTAIN = 10**6  # capacity of what a person settled


def suspected(memory: LabelMemory, features: FloatArray, error: float = 0.0) -> list[Conflict]:
    """Give the memory's conflicts, the pairs of each by falling probability of being wrong.

    features (n, d) of length 1; error: people's share of wrong answers, 0 = a newcomer's. First comes
    the side that is cheaper to doubt: the "different", or the minimum cut of "same" pairs between its
    rows (which may hold pairs beside the chain); then the rest of the chain. Nothing is left out, so
    one of the pairs is wrong. Votes add up. Time: one maximum flow a conflict, within its group.
    """
    conflicts = memory.conflicts()
    if not any(len(conflict.pairs) > 1 for conflict in conflicts):
        return conflicts
    judged = memory.judged_pairs()
    belief = _belief(judged[-_LATEST:], features)
    same = [pair for pair, link in judged if link is Verdict.SAME]
    beside = beside_of(same)
    found = []
    for conflict in conflicts:
        pairs = conflict.pairs
        if len(pairs) > 1:
            group = set(reached(beside, pairs[0][0]))
            inside = [pairs[0], *(pair for pair in same if pair[0] in group)]
            pairs = _ordered(conflict, _log_odds(memory, inside, features, belief, error or START_ERROR))
        found.append(Conflict(pairs))
    return found


def _belief(judged: Sequence[tuple[Pair, Verdict]], features: FloatArray) -> Logistic:
    """Fit P(same | cosine) to judged pairs, with a pseudo-pair of weight .5 at each end of the scale."""
    cosines = _cosines([pair for pair, _ in judged], features)
    same = np.array([float(link is Verdict.SAME) for _, link in judged])
    points, truth = np.concatenate([cosines, [1.0, -1.0]]), np.concatenate([same, [1.0, 0.0]])
    weights = np.concatenate([np.ones(len(judged)), [0.5, 0.5]])
    return fit(points[:, None], truth, weights, _STRENGTH)


def _cosines(pairs: Sequence[Pair], features: FloatArray) -> Double:
    left, right = np.array(pairs, np.int64).reshape(-1, 2).T
    return pair_similarities(features, left, right).astype(np.float64)


def _log_odds(
    memory: LabelMemory, pairs: Sequence[Pair], features: FloatArray, belief: Logistic, error: float
) -> dict[Pair, float]:
    """Give log P(right) / P(wrong) of what is said of each pair: its votes' and what the features say of it."""
    p = np.clip(belief(_cosines(pairs, features)[:, None]), 0.003, 0.997)
    vote = float(np.log((1.0 - error) / error))
    odds = {}
    for pair, own in zip(pairs, np.log(p / (1.0 - p)).tolist(), strict=True):
        votes = memory.balance(*pair)
        odds[pair] = abs(votes) * vote + (own if votes > 0 else -own)
    return odds


def _ordered(conflict: Conflict, weights: Mapping[Pair, float]) -> tuple[Pair, ...]:
    different, *chain = conflict.pairs
    cut = _minimum_cut(different, {pair: weight for pair, weight in weights.items() if pair != different})
    first = cut if sum(_capacity(weights[pair]) for pair in cut) < _capacity(weights[different]) else [different]
    rest = {pair for pair in (different, *cut, *chain) if pair not in first}
    return (
        *sorted(first, key=lambda pair: (weights[pair], pair)),
        *sorted(rest, key=lambda pair: (weights[pair], pair)),
    )


def _minimum_cut(ends: Pair, weights: Mapping[Pair, float]) -> list[Pair]:
    """Give the pairs of least total capacity without which the two ends fall apart."""
    rows = sorted({row for pair in weights for row in pair})
    place = {row: i for i, row in enumerate(rows)}
    left = np.array([place[pair[0]] for pair in weights])
    right = np.array([place[pair[1]] for pair in weights])
    capacity = np.array([_capacity(weight) for weight in weights.values()], np.int32)
    both = np.concatenate([left, right]), np.concatenate([right, left])
    graph = sparse.csr_array((np.concatenate([capacity, capacity]), both), shape=(len(rows), len(rows)))
    flow = maximum_flow(graph, place[ends[0]], place[ends[1]]).flow
    free = sparse.csr_array(graph - flow)
    free.data = np.maximum(free.data, 0)
    free.eliminate_zeros()
    near = np.zeros(len(rows), bool)
    near[breadth_first_order(free, place[ends[0]], return_predecessors=False)] = True
    return [pair for pair, a, b in zip(weights, left.tolist(), right.tolist(), strict=True) if near[a] != near[b]]


def _capacity(weight: float) -> int:
    return int(np.clip(round(weight * _UNIT), 1, _CERTAIN))
