"""State: everything that a run must remember between two steps, and Report: what a round came to.

Both are JSON; arrays lie in the run's folder under names that hold (round, step), and the state says
which of them are current.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from ucal.errors import RunError
from ucal.types import Question, Step


def _fields(item: object) -> dict[str, Any]:
    """Give a dataclass's fields as they are: what holds long lists is not copied just to be written."""
    if not dataclasses.is_dataclass(item):
        raise TypeError(f"expected what JSON can hold, got {type(item).__name__}")
    return {one.name: getattr(item, one.name) for one in dataclasses.fields(item)}


@dataclass(frozen=True, slots=True)
class Report:
    """One round's figures. None = it cannot be known (no truth, no query and gallery)."""

    round: int
    answers: int = 0  # pairs judged by people, so far (Eq. 7's M)
    actions: int = 0  # key presses or clicks, so far
    human_seconds: float = 0.0  # estimate: a pair 2.5 s
    human_seconds_strict: float = 0.0
    inferred: int = 0  # pairs of images that follow from the answers
    known: int = 0  # pairs of images that follow from the data's own links (tracklets, frames): not asked, not inferred
    conflicts: int = 0
    cost_percent: float = 0.0  # Eq. 7
    clusters: int = 0
    outliers: int = 0
    pairwise: dict[str, float] | None = None  # precision, recall, f1 over pairs of images
    ari: float | None = None
    nmi: float | None = None
    mAP: float | None = None  # noqa: N815 - the field's own spelling
    rank1: float | None = None
    rank5: float | None = None
    rank10: float | None = None
    mINP: float | None = None  # noqa: N815
    loss: float | None = None
    cluster_hash: str = ""
    heard: tuple[int, ...] | None = None  # as `State.heard`, of the whole round; None: a round of an earlier version
    seconds: dict[str, float] = field(default_factory=dict)  # wall, by step

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Report:
        """Read what `to_json` wrote."""
        looks = data.get("heard")
        return Report(**data | {"heard": None if looks is None else tuple(looks)})


@dataclass(frozen=True, slots=True)
class State:
    """Where a run stands. `version` grows by one with every step; a save checks it."""

    version: int = 0
    round: int = 0
    step: Step = Step.EMBED
    stage: int = 0  # which of the proposer's stages is being asked
    questions: tuple[Question, ...] | None = None  # of this stage; None = not proposed yet
    idle: tuple[str, ...] = ()  # stages that had nothing to ask since a stage last had something
    room: int | None = None  # merges that this stage may still bring (the merge cap); None = no limit
    threshold: float | None = None  # SpCL's independence threshold
    features: str | None = None  # names of files in the run's folder
    base_labels: str | None = None
    distance: str | None = None
    labels: str | None = None
    heard: tuple[int, ...] = ()  # events in the log at each look of this round that decided what is asked next; at the
    # last of them nothing more was, and its events are those that the round's labels and its training know
    learner: str | None = None
    loss: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)  # of this round so far
    reports: tuple[Report, ...] = ()
    stopped: str | None = None  # why the run is over

    def files(self) -> set[str]:
        """Name the files that this state needs."""
        names = (self.features, self.base_labels, self.distance, self.labels, self.learner)
        return {name for name in names if name is not None}

    def dumps(self) -> str:
        """Write as JSON."""
        return json.dumps(self, default=_fields, sort_keys=True)

    @staticmethod
    def loads(text: str) -> State:
        """Read what `dumps` wrote.

        Raises:
            RunError: not a state of this version of the program.
        """
        try:
            data = json.loads(text)
            data["step"] = Step(data["step"])
            if data["questions"] is not None:
                data["questions"] = tuple(Question.from_json(item) for item in data["questions"])
            data["idle"] = tuple(data.get("idle", ()))
            data["heard"] = tuple(data.get("heard", ()))
            data["reports"] = tuple(Report.from_json(item) for item in data["reports"])
            return State(**data)
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"expected the saved state of a run, got something else ({error})") from error
