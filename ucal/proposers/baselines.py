"""Baselines to compare a selection with: random pairs, and the most similar pairs, of single images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ucal.config import RunConfig
from ucal.neighbours import nearest
from ucal.proposers.groups import ask_rows
from ucal.seams import Scene
from ucal.types import IntArray, Question, Reason

_MOST_NEIGHBOURS = 512  # the similar baseline looks no further down any row's list


class RandomProposer:
    """Ask about undecided pairs of images drawn uniformly; the draw depends on (seed, round) alone.

    Gives `budget_per_round` questions, or as many as there are images where that is not set.
    """

    stages: tuple[str, ...] = ("control",)

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    def __call__(self, scene: Scene) -> Sequence[Question]:
        """Give the round's questions, in the order of the draw."""
        rows = _askable(scene)
        generator = np.random.default_rng((self.config.seed, scene.round))
        wanted = _wanted(self.config, scene)
        found: dict[tuple[int, int], None] = {}
        for pair in _random_pairs(rows, generator):
            if len(found) >= wanted:
                break
            if pair not in found and not scene.memory.decided(*pair):
                found[pair] = None
        return [ask_rows(scene, Reason.CONTROL, *pair) for pair in found]


class SimilarProposer:
    """Ask about the most similar undecided pairs of images.

    Gives `budget_per_round` questions, or as many as there are images where that is not set. Lists are
    lengthened until no unseen pair can be more similar, up to 512 neighbours a row.
    """

    stages: tuple[str, ...] = ("control",)

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    def __call__(self, scene: Scene) -> Sequence[Question]:
        """Give the round's questions by falling similarity."""
        rows = _askable(scene)
        wanted = _wanted(self.config, scene)
        k = 16
        while True:
            pairs, complete = self._most_similar(scene, rows, k, wanted)
            if complete or k >= min(len(rows), _MOST_NEIGHBOURS):
                return [ask_rows(scene, Reason.CONTROL, *pair) for pair in pairs]
            k *= 2

    def _most_similar(self, scene: Scene, rows: IntArray, k: int, wanted: int) -> tuple[list[tuple[int, int]], bool]:
        """Give the best undecided pairs among k neighbours each, and whether no unseen pair is better."""
        if len(rows) < 2:
            return [], True
        ids, similarities = nearest(scene.features[rows], k, engine=self.config.neighbours)
        unseen = float(similarities[:, -1].max()) if ids.shape[1] < len(rows) else -np.inf
        left = np.repeat(rows, ids.shape[1])
        pairs = np.sort(np.stack([left, rows[ids.ravel()]], axis=1), axis=1)
        pairs, first = np.unique(pairs, axis=0, return_index=True)
        scores = similarities.ravel()[first]
        order = np.lexsort((pairs[:, 1], pairs[:, 0], -scores))
        found: list[tuple[int, int]] = []
        for place in order[pairs[order, 0] != pairs[order, 1]].tolist():
            pair = (int(pairs[place, 0]), int(pairs[place, 1]))
            if scene.memory.decided(*pair):
                continue
            found.append(pair)
            if len(found) == wanted:
                return found, float(scores[place]) > unseen
        return found, ids.shape[1] == len(rows)


def _askable(scene: Scene) -> IntArray:
    return np.setdiff1d(np.arange(len(scene.features)), scene.memory.excluded_rows())


def _wanted(config: RunConfig, scene: Scene) -> int:
    return len(scene.features) if config.budget_per_round is None else config.budget_per_round


def _random_pairs(rows: IntArray, generator: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield pairs of different rows uniformly: with repeats for a while, then all in random order."""
    n = len(rows)
    n_pairs = n * (n - 1) // 2
    for _ in range(4 if n_pairs > 100_000 else 0):
        drawn = generator.integers(0, n, (min(n_pairs, 100_000), 2))
        for left, right in np.sort(rows[drawn], axis=1).tolist():
            if left != right:
                yield left, right
    if n_pairs > 10_000_000:
        return  # most pairs are undecided then: the draws above are enough
    left_all, right_all = np.triu_indices(n, 1)
    for place in generator.permutation(n_pairs).tolist():
        yield int(rows[left_all[place]]), int(rows[right_all[place]])
