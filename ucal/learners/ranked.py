"""One learner on several ranks: the first rank runs the loop, the others do what its learner does, in step."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ucal.ranks import Ranks
from ucal.runs import MemoryLog
from ucal.seams import Learner
from ucal.types import Answer, FloatArray, IntArray

END = ("end",)  # what the first rank tells the others last


class LeadingLearner:
    """The first rank's learner: says what it is about to do, then does it together with the others.

    Only this rank saves; what it loads is sent to the others.
    """

    def __init__(self, learner: Learner, ranks: Ranks, answers: Callable[[], Sequence[Answer]] | None) -> None:
        """answers: what is learnt from beside the labels (SPAL's triplet), sent along with each training."""
        self._learner, self._ranks, self._answers = learner, ranks, answers

    def features(self) -> FloatArray:
        self._ranks.tell(("features",))
        return self._learner.features()

    def train(
        self, labels: IntArray, excluded: IntArray, round_: int, weights: FloatArray | None = None
    ) -> float | None:
        answers = [] if self._answers is None else list(self._answers())
        self._ranks.tell(("train", labels, excluded, round_, weights, answers))
        return self._learner.train(labels, excluded, round_, weights)

    def embed(self, split: str) -> FloatArray:
        self._ranks.tell(("embed", split))
        return self._learner.embed(split)

    def save(self, path: Path) -> None:
        self._learner.save(path)

    def load(self, path: Path) -> None:
        self._learner.load(path)
        self._ranks.tell(("load", path.read_bytes()))


def follow(learner: Learner, ranks: Ranks, log: MemoryLog) -> None:
    """Do what the first rank's learner does until it says `end`; `log` gets the answers that come along.

    Raises:
        RunError: the first rank is gone.
    """
    while True:
        word, *words = ranks.receive()
        if word == END[0]:
            return
        if word == "features":
            learner.features()
        elif word == "train":
            labels, excluded, round_, weights, log.answers = words
            learner.train(labels, excluded, round_, weights)
        elif word == "embed":
            learner.embed(words[0])
        else:
            _load(learner, words[0])


def _load(learner: Learner, content: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="ucal-") as folder:
        path = Path(folder) / "state.safetensors"
        path.write_bytes(content)
        learner.load(path)
