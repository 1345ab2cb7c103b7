"""The run's folder: arrays and checkpoints saved whole or not at all, the state, the answers, the results."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from ucal.errors import RunError, StaleRunError
from ucal.seams import Learner
from ucal.state import State
from ucal.types import OUTLIER, Answer, Image, IntArray


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file, then fsync it and give it its name: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Files of one run. Names hold the round and the step that made them, so a step done twice writes the same."""

    root: Path
    _kept: dict[str, tuple[int, np.ndarray[Any, Any]]] = field(default_factory=dict, init=False, compare=False)

    def path(self, name: str) -> Path:
        """Give where a file lies."""
        return self.root / name

    def save_array(self, name: str, array: np.ndarray[Any, Any]) -> str:
        """Save an array and give its name."""

        def write(path: Path) -> None:
            with path.open("wb") as file:
                np.save(file, array, allow_pickle=False)

        write_atomically(self.path(name), write)
        return name

    def load_array(self, name: str | None) -> np.ndarray[Any, Any]:
        """Load an array. The latest table of features stays in memory: every step of a round looks at it.

        Raises:
            RunError: the file is missing or damaged.
        """
        if name is None:
            raise RunError("expected a saved array, the state names none: start the run again")
        try:
            written = self.path(name).stat().st_mtime_ns
            if name in self._kept and self._kept[name][0] == written:
                return self._kept[name][1]
            array: np.ndarray[Any, Any] = np.load(self.path(name), allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise RunError(f"{self.path(name)}: expected a saved array, could not read it ({error})") from error
        if array.ndim > 1:
            self._kept.clear()
            self._kept[name] = (written, array)
        return array

    def save_sparse(self, name: str, matrix: sp.csr_array) -> str:
        """Save a sparse matrix and give its name."""

        def write(path: Path) -> None:
            with path.open("wb") as file:
                sp.save_npz(file, matrix, compressed=False)

        write_atomically(self.path(name), write)
        return name

    def load_sparse(self, name: str) -> sp.csr_array:
        """Load a sparse matrix."""
        try:
            return sp.csr_array(sp.load_npz(self.path(name)))
        except (OSError, ValueError, EOFError) as error:
            raise RunError(f"{self.path(name)}: expected a saved matrix, could not read it ({error})") from error

    def save_text(self, name: str, text: str) -> None:
        """Save a text."""
        write_atomically(self.path(name), lambda path: _write_text(path, text))

    def forget_others(self, state: State) -> None:
        """Delete the arrays and checkpoints that the state does not need any more."""
        keep = state.files()
        for path in self.root.glob("r[0-9]*"):
            if path.name not in keep:
                path.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@dataclass(slots=True)
class FolderStates:
    """The state kept in the run's folder (the command line's way; the server keeps it in its database)."""

    folder: RunFolder
    _own: tuple[tuple[int, int, int], int] | None = field(default=None, init=False)  # file saved last, its version

    def load(self) -> State | None:
        """Load the state; None when the run has not begun."""
        path = self._path
        return State.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def save(self, state: State, *, expected: int) -> None:
        """Save the state if the one there has the expected version (0 may be missing).

        Raises:
            StaleRunError: somebody else moved the run on.
        """
        version = self._version()
        if version != expected:
            raise StaleRunError(f"expected version {expected} of the run, found {version}: it is already being run")
        self.folder.save_text(self._path.name, state.dumps())
        self._own = self._file(), state.version

    @property
    def _path(self) -> Path:
        return self.folder.path("state.json")

    def _version(self) -> int:
        """Give the version that is there: known without reading where the file is the one saved last."""
        if self._own is not None and self._path.exists() and self._file() == self._own[0]:
            return self._own[1]
        current = self.load()
        return current.version if current else 0

    def _file(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size


@dataclass(slots=True)
class FileLog:
    """The answers as lines of JSON; each append is on the disk before it returns."""

    path: Path
    _answers: list[Answer] | None = field(default=None, init=False)
    _ids: set[str] = field(default_factory=set, init=False)

    def read(self) -> Sequence[Answer]:
        """Give all events, oldest first. A last line cut short by a crash was never acknowledged and is dropped."""
        if self._answers is None:
            self._answers = [Answer.from_json(item) for item in self._lines()]
            self._ids = {answer.id for answer in self._answers}
        return self._answers

    def append(self, answers: Sequence[Answer]) -> None:
        """Add what is not there yet."""
        known = self.read()
        fresh = [answer for answer in answers if answer.id not in self._ids]
        if not fresh:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(answer.to_json()) + "\n" for answer in fresh)
            file.flush()
            os.fsync(file.fileno())
        self._answers = [*known, *fresh]
        self._ids.update(answer.id for answer in fresh)

    def _lines(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        raw = self.path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if whole != raw:
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
        return [json.loads(line) for line in whole.splitlines()]


@dataclass(slots=True)
class MemoryLog:
    """The answers in memory: for tests and notebooks."""

    answers: list[Answer] = field(default_factory=list)

    def read(self) -> Sequence[Answer]:
        """Give all events, oldest first."""
        return self.answers

    def append(self, answers: Sequence[Answer]) -> None:
        """Add what is not there yet."""
        known = {answer.id for answer in self.answers}
        self.answers += [answer for answer in answers if answer.id not in known]


@dataclass(slots=True)
class Checkpointed:
    """A learner and its files: knows which checkpoint is in memory, so that a step loads only when it must."""

    learner: Learner
    folder: RunFolder
    _current: str | None = field(default=None, init=False)

    def at(self, name: str | None) -> Learner:
        """Give the learner as it was saved under this name."""
        if name is None:
            raise RunError("expected a saved learner, the state names none: start the run again")
        if name != self._current:
            self._current = None
            self.learner.load(self.folder.path(name))
            self._current = name
        return self.learner

    def changing(self) -> None:
        """Say that the learner is about to change: what is in memory is no checkpoint until it is saved."""
        self._current = None

    def save(self, name: str) -> str:
        """Save the learner and give the name."""
        write_atomically(self.folder.path(name), self.learner.save)
        self._current = name
        return name


def export_identities(folder: RunFolder, images: Sequence[Image], labels: IntArray) -> None:
    """Write identities.csv: path, identity (empty = in no cluster), camera."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["path", "identity", "camera"])
    for image, label in zip(images, labels.tolist(), strict=True):
        table.writerow(
            [_cell(image.key), "" if label == OUTLIER else label, "" if image.camera is None else image.camera]
        )
    folder.save_text("identities.csv", text.getvalue())


def _cell(text: str) -> str:
    """Keep a spreadsheet from reading a file name as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
