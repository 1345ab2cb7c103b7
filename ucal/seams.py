"""The seams: one-call Protocols, so that a function or a lambda may stand in.

No base classes, no registration: `ucal.build` puts the parts together from a `RunConfig`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ucal.memory import LabelMemory
from ucal.types import Answer, FloatArray, IntArray, Question

Check = Callable[[], None]
"""Called between batches of long work; raises `InterruptedRun` when pause or cancel was asked for."""


def never(*_: object) -> None:
    """Ask for no interruption."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """What clustering gives.

    labels    (n,) int64, clusters numbered by their smallest core row, -1 = in no cluster
    distance  scipy.sparse.csr_array (n, n) float32 in [0, 1]: only pairs with D <= `loosest_of(config)`,
              absent = 1 (explicit zeros are real zeros); None when there is none
    threshold SpCL: the independence threshold fixed at round 0; None for other bases
    """

    labels: IntArray
    distance: Any | None = None
    threshold: float | None = None


class Clusterer(Protocol):
    """features (n, d), the threshold of round 0 (None at round 0) -> Clustering."""

    def __call__(self, features: FloatArray, threshold: float | None) -> Clustering: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What a proposer sees. `labels` already break no answer (`reorganise` was applied)."""

    round: int
    stage: str  # which of the proposer's stages is asked for
    features: FloatArray
    labels: IntArray
    memory: LabelMemory
    distance: Any | None = None


AHEAD = "ahead"
"""The stage of what people may answer while the model trains; of proposers that `RunConfig.ask_ahead` is for."""


class Constrain(Protocol):
    """distance (n, n) sparse, features (n, d), answers, the threshold of round 0 -> labels (n,) that heed them."""

    def __call__(
        self, distance: Any, features: FloatArray, memory: LabelMemory, threshold: float | None
    ) -> IntArray: ...


class Proposer(Protocol):
    """Say what to ask. A round runs through `stages` in order; one call gives one stage's questions.

    The questions come best first, none of them already decided by the memory; a question that
    becomes decided by the answers before it is skipped by the loop, not asked.
    """

    stages: tuple[str, ...]

    def __call__(self, scene: Scene) -> Sequence[Question]: ...


class Organiser(Protocol):
    """A proposer that makes the labels too, from features and answers alone."""

    def labels(self, features: FloatArray, memory: LabelMemory, round_: int) -> IntArray:
        """Give labels (n,) that break no answer outside conflicts, numbered by smallest row; -1 = in no cluster."""
        ...

    def weights(self, features: FloatArray, memory: LabelMemory, round_: int) -> FloatArray | None:
        """Give how sure it is, (n,) in 0..1, that each row is in the right cluster; None = it does not say."""
        ...

    def why_dry(self, features: FloatArray, memory: LabelMemory, round_: int) -> str:
        """Say why it has nothing left to ask, in words for people."""
        ...


class Annotator(Protocol):
    """Answer some of the questions, perhaps none yet; never block.

    The iterable is lazy: the loop drops questions that earlier answers decided, so an annotator
    that answers at once should take one, yield its answer, take the next.
    """

    def __call__(self, questions: Iterable[Question]) -> Iterable[Answer]: ...


class AnswerLog(Protocol):
    """The append-only log. Undo is an answer with `retracts`."""

    def read(self) -> Sequence[Answer]: ...

    def append(self, answers: Sequence[Answer]) -> None:
        """Add durably; an id that is already there is left as it is."""
        ...


class Learner(Protocol):
    """What gives features and learns from labels. Its state is a file."""

    def features(self) -> FloatArray:
        """Give the (n, d) rows of length 1 that this round clusters."""
        ...

    def train(
        self, labels: IntArray, excluded: IntArray, round_: int, weights: FloatArray | None = None
    ) -> float | None:
        """Train one epoch in place and give its mean loss.

        labels (n,) int64, -1 = in no cluster; excluded: rows to leave out altogether (in conflict,
        bad images); weights (n,) in 0..1: how much each row counts in the loss, None = all alike. All
        randomness comes from (seed, round_), so the same call on the same saved state gives the same
        result.
        """
        ...

    def embed(self, split: str) -> FloatArray:
        """Give the features of `query` or `gallery`, rows of length 1."""
        ...

    def save(self, path: Path) -> None: ...

    def load(self, path: Path) -> None: ...
