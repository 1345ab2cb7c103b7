"""A run again, from its snapshot: the same settings and images, and what people said, in the order they said it.

The recorded events take people's place: each is heard once its question has been asked again, or, where it came
after the questions of its round, before that round ends. So the loop proposes from what it knew the first
time. Where a round was closed early, it is closed early again.
"""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ucal.config import RunConfig
from ucal.datasets.dataset import Dataset
from ucal.errors import DataError
from ucal.loop import Parts, advance
from ucal.program import Program
from ucal.seams import AnswerLog
from ucal.state import State
from ucal.types import Answer, Question, Step

_SPLITS = ("train", "query", "gallery")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a snapshot holds of a run (`backend.snapshot` writes it)."""

    config: RunConfig  # as it was when the run began
    about: dict[str, Any]  # run.json
    events: tuple[Answer, ...]
    hashes: tuple[str, ...]  # of each round's clusters
    looks: tuple[tuple[int, ...] | None, ...]  # of each round: `State.heard`; None: not written down
    keys: dict[str, tuple[str, ...]]  # of each split's images, in the order of their rows
    listing: bytes  # the images and what is known of them, as a manifest
    program: Program  # that wrote the snapshot

    @property
    def is_done(self) -> bool:
        """Say whether the run had ended by itself or by a person's wish, with its results."""
        return bool(self.about["state"] == "done")


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot.

    Raises:
        DataError: no zip, one that lacks a part of a snapshot, or a run of which no round was finished.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = ("run.json", "config.json", "versions.json", "rounds.json")
            about, config, versions, rounds = (json.loads(archive.read(name)) for name in names)
            events = tuple(Answer.from_json(json.loads(line)) for line in archive.read("answers.jsonl").splitlines())
            listing = archive.read("images.csv")
            keys = _keys(listing.decode())
    except FileNotFoundError as error:
        raise DataError(f"expected a run's snapshot, {path} does not exist") from error
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DataError(f"expected a run's snapshot (a zip with run.json and the rest), got {path}: {error}") from error
    if absent := [name for name in ("changes", "ended", "format", "state", "commit") if name not in about]:
        raise DataError(f"{path}: run.json does not say {', '.join(absent)}; expected a snapshot of this version")
    if not rounds:
        raise DataError(f"{path}: expected a round to compare with, none was finished when this snapshot was taken")
    for change in reversed(about["changes"]):
        config[change["setting"]] = change["before"]
    hashes = tuple(report["cluster_hash"] for report in rounds)
    looks = tuple(None if report.get("heard") is None else tuple(report["heard"]) for report in rounds)
    header, _, lines = listing.partition(b"\n")
    listing = header.replace(b"key", b"path") + b"\n" + lines
    program = Program(versions.get("ucal"), about["commit"])
    return Snapshot(RunConfig.from_dict(config), about, events, hashes, looks, keys, listing, program)


def _keys(text: str) -> dict[str, tuple[str, ...]]:
    import csv
    import io

    found: dict[str, list[str]] = {split: [] for split in _SPLITS}
    for row in csv.DictReader(io.StringIO(text)):
        found[row["split"]].append(row["key"])
    return {split: tuple(keys) for split, keys in found.items()}


def refuse_other_images(snapshot: Snapshot, dataset: Dataset) -> None:
    """Compare the images' names, row by row.

    Raises:
        DataError: says where they differ.
    """
    for split in _SPLITS:
        here = [image.key for image in getattr(dataset, split)]
        wanted = snapshot.keys[split]
        if len(here) != len(wanted):
            raise DataError(f"expected the snapshot's {len(wanted)} {split} images, got {len(here)}")
        for row, (key, name) in enumerate(zip(here, wanted, strict=True)):
            if name not in (key, f"'{key}"):  # so that no table program takes a name for a formula
                raise DataError(f"expected {name!r} as image {row} of {split}, as in the snapshot, got {key!r}")


@dataclass(slots=True)
class Recorded:
    """The recorded events, in people's place: it answers nothing when asked, and adds to the log as they did."""

    log: AnswerLog
    left: deque[Answer]
    looks: Sequence[Sequence[int] | None]  # `Snapshot.looks`
    asked: set[str] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)  # rounds that ended before all was answered

    def __call__(self, questions: Iterable[Question]) -> Iterable[Answer]:
        """Note what is asked."""
        self.asked.update(question.id for question in questions)
        return ()

    @property
    def n_heard(self) -> int:
        """Count the events that were added to the log."""
        return len(self.log.read())

    def proceed(self, state: State) -> bool:
        """Say whether this round is to be closed with the answers so far."""
        looks = self._looks(state)
        is_last = looks is not None and len(state.heard) == len(looks) - 1
        return state.round in self.closed or (is_last and self.hears_enough(state))

    def hears_enough(self, state: State) -> bool:
        """Say whether all has come that the recorded run knew at its next look; False where it is not written down."""
        looks = self._looks(state)
        return looks is not None and len(state.heard) < len(looks) and self.n_heard >= looks[len(state.heard)]

    def hear_until_enough(self, state: State) -> None:
        """Hear what the recorded run knew when it decided what to ask next."""
        while self._looks(state) is not None and not self.hears_enough(state) and self.hear():
            pass

    def _looks(self, state: State) -> Sequence[int] | None:
        return self.looks[state.round] if state.round < len(self.looks) else None

    def hear(self, until: str | None = None) -> bool:
        """Add the next event to the log, if its question was asked (and it came by then); say whether there was one."""
        if not self.left or (until is not None and _moment(self.left[0].at) > _moment(until)):
            return False
        event = self.left[0]
        if event.retracts is None and event.question and event.question not in self.asked:
            return False
        self.log.append([self.left.popleft()])
        return True


def reproduce(snapshot: Snapshot, make: Callable[[Recorded], Parts], log: AnswerLog) -> tuple[State, Recorded]:
    """Run again until the end, or as far as the recorded run had come; give the last state, and what was not heard.

    make: builds the run's parts around the people that it is given
    """
    recorded = Recorded(log, deque(snapshot.events), snapshot.looks)
    parts, changes = make(recorded), deque(snapshot.about["changes"])
    parts = dataclasses.replace(parts, stop=lambda state: snapshot.is_done and _is_last(state, snapshot))
    state = State()
    while state.step is not Step.DONE and (snapshot.is_done or len(state.reports) < len(snapshot.hashes)):
        parts = _changed(parts, changes, recorded, state)
        if state.step is Step.ASK and state.questions is None:
            recorded.hear_until_enough(state)
        if state.step is Step.EVALUATE:
            _hear_the_rest(recorded, snapshot.about["ended"], state.round)
        after = advance(state, parts)
        if after is state and (recorded.hears_enough(state) or not recorded.hear()):
            if state.round in recorded.closed or len(state.reports) >= len(snapshot.hashes):
                break
            recorded.closed.add(state.round)
        state = after
    return state, recorded


def _is_last(state: State, snapshot: Snapshot) -> bool:
    """Say whether the recorded run ended with this round; its pages were asked before anybody knew."""
    return state.step is Step.EVALUATE and state.round + 1 >= len(snapshot.hashes)


def _hear_the_rest(recorded: Recorded, ended: dict[str, str | None], round_: int) -> None:
    """Hear what came while the round was trained: whether there is another round depends on it."""
    until = ended.get(str(round_))
    while until is not None and recorded.hear(until):
        pass


def _changed(parts: Parts, changes: deque[dict[str, Any]], recorded: Recorded, state: State) -> Parts:
    """Change budgets when that was done: before the first event after it, or in a later round."""
    while changes:
        first = changes[0]
        next_ = recorded.left[0].at if recorded.left else None
        due = next_ is None or _moment(next_) >= _moment(first["at"])
        if not (due or state.round > first["round"]):
            break
        changes.popleft()
        parts = dataclasses.replace(parts, config=parts.config.replace(**{first["setting"]: first["after"]}))
    return parts


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def compared(snapshot: Snapshot, state: State, heard: Sequence[Answer], recorded: Recorded) -> dict[str, Any]:
    """Compare each round's clusters with the recorded ones; JSON-ready."""
    again = [report.cluster_hash for report in state.reports]
    rounds = [
        {"round": i, "recorded": one, "again": again[i] if i < len(again) else None}
        for i, one in enumerate(snapshot.hashes)
    ]
    same = again == list(snapshot.hashes)
    return {
        "equal": same and not recorded.left,
        "rounds": rounds,
        "events": len(snapshot.events),
        "heard": len(heard),
        "commit": snapshot.program.commit,
    }
