"""Words of the domain, each defined once.

row      an image's fixed index in its data set; never changes in the life of a run
label    (n,) int64: the cluster of each row, `OUTLIER` (-1) = in no cluster
question two groups of rows shown side by side; its *pair* (left, right) is what an answer links
answer   what somebody said about a question; the append-only log of answers is the only truth
verdict  what one answer says of its pair
round    one pass of cluster -> ask -> train (the papers' epoch)
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]

OUTLIER = -1


class Verdict(StrEnum):
    """What one answer says of its pair."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"  # decides nothing; the pair is not asked again
    BAD_IMAGE = "bad_image"  # `Answer.bad_rows` are taken out of asking and training


class Reason(StrEnum):
    """Why a question is asked."""

    SPLIT = "split"  # SNPS: two groups inside one cluster
    MERGE = "merge"  # MPPS: two clusters that may be one
    CONFLICT = "conflict"  # answers that cannot all be true
    CONTROL = "control"  # a baseline's pick (random, similar)


class Step(StrEnum):
    """What a run does next. EMBED -> CLUSTER -> ASK (waves) -> TRAIN -> EVALUATE -> EMBED ... -> DONE."""

    EMBED = "embed"
    CLUSTER = "cluster"
    ASK = "ask"
    TRAIN = "train"
    EVALUATE = "evaluate"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a data set.

    `key` is unique in the data set and stable (the path relative to its root, POSIX slashes);
    images are sorted by key once and numbered: the number is the row. `identity`: None = unknown,
    -1 = known to be junk for evaluation, 0 = distractor (Market-1501's rules). `camera`: None =
    unknown. `frame` and `time` are the manifest's own text and seconds.
    """

    key: str
    path: str  # where to open it: a file, or `archive.zip::member`, or `array.npz::row`
    identity: int | None = None
    camera: int | None = None
    tracklet: str | None = None
    frame: str | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Are these two groups one identity? The pair (left, right) is the two medoids."""

    id: str
    left: int
    right: int
    left_rows: tuple[int, ...]  # left first, then up to 4 more exemplars of its group
    right_rows: tuple[int, ...]
    reason: Reason
    similarity: float  # cosine of the pair's features, for the log and blind after-display
    round: int
    left_size: int = 1  # rows in each group
    right_size: int = 1

    @property
    def pair(self) -> tuple[int, int]:
        """Give the pair in row order."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)


def question_id(round_: int, reason: Reason, left: int, right: int) -> str:
    """Name a question by what it asks: the same question of the same round has the same id."""
    low, high = min(left, right), max(left, right)
    text = f"{round_}:{reason.value}:{low}:{high}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Answer:
    """One event of the append-only log.

    Undo is an event too: an answer with `retracts` set voids the answer with that id (and says
    nothing else). `order` is not stored: the log's own order is the order.
    """

    id: str  # made by the client; adding the same id twice is a no-op
    left: int
    right: int
    verdict: Verdict
    question: str = ""
    person: str = ""
    round: int = 0
    seconds: float = 0.0  # taken by the person
    at: str = ""  # ISO time, UTC
    bad_rows: tuple[int, ...] = ()  # for BAD_IMAGE: which of left / right
    retracts: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return asdict(self) | {"verdict": self.verdict.value, "bad_rows": list(self.bad_rows)}

    @staticmethod
    def from_json(data: dict[str, Any]) -> Answer:
        """Read what `to_json` wrote."""
        fields = dict(data)
        fields["verdict"] = Verdict(fields["verdict"])
        fields["bad_rows"] = tuple(int(row) for row in fields.get("bad_rows", ()))
        return Answer(**fields)
