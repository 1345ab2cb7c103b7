"""The folder of a benchmark: its data, its cells' results, and what it may go on from.

benchmark.json      the preset and the data, to refuse others
data/seed-N         generated sets
runs/CELL           run folders: an interrupted cell goes on from its own
logs/CELL.log       what the run said
cells/CELL.json     finished results, whole or not there
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ucal.benchmark.plan import Cell
from ucal.config import RunConfig
from ucal.datasets.dataset import SPLITS, Dataset
from ucal.errors import ConfigError, RunError
from ucal.runs import write_atomically

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workplace:
    """Files of one benchmark."""

    root: Path

    def data(self, seed: int) -> Path:
        """Give where the generated set of a seed lies."""
        return self.root / "data" / f"seed-{seed}"

    def run(self, cell: Cell) -> Path:
        """Give a cell's run folder."""
        return self.root / "runs" / cell.id

    def log(self, cell: Cell) -> Path:
        """Give the file of what a cell's run said."""
        return self.root / "logs" / f"{cell.id}.log"

    def claim(self, facts: dict[str, Any]) -> None:
        """Make the folder, or go on in it when it was made for the same preset and data.

        Raises:
            RunError: it holds other files, or a benchmark of something else.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.root / "benchmark.json"
        if path.exists():
            before = _read_json(path)
            other = [key for key in facts if before.get(key) != facts[key]]
            if other:
                raise RunError(
                    f"--out: {self.root} holds a benchmark of another {' and '.join(other)}: give another folder"
                )
        elif any(self.root.iterdir()):
            raise RunError(f"--out: expected an empty folder or one of an earlier benchmark, {self.root} holds others")
        self.write_json("benchmark.json", facts)

    def finished(self, cell: Cell) -> Result | None:
        """Give a cell's result; None while there is none.

        Raises:
            RunError: it was made by other settings than the plan's.
        """
        path = self._result(cell)
        if not path.exists():
            return None
        result = _read_json(path)
        changed = _differing(result, cell)
        if changed:
            raise RunError(f"--out: {path} was made with another {', '.join(changed)}: give another folder")
        return result

    def finish(self, cell: Cell, result: Result) -> None:
        """Keep a cell's result."""
        self.write_json(str(self._result(cell).relative_to(self.root)), result)

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file, whole or not at all."""
        self.write_text(name, json.dumps(value, indent=1) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text, whole or not at all."""

        def write(path: Path) -> None:
            path.write_text(text, encoding="utf-8")

        write_atomically(self.root / name, write)

    @contextmanager
    def held(self, cell: Cell, patience: float = 10.0) -> Iterator[IO[str]]:
        """Hold a cell's lock; a child that inherits the file holds it too, should this process die.

        Waits `patience` seconds for it: a run that was killed a moment ago may still be ending.

        Raises:
            RunError: another process runs this cell.
        """
        path = self.root / "runs" / f"{cell.id}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as lock:
            until = time.monotonic() + patience
            while not _locked(lock):
                if time.monotonic() >= until:
                    raise RunError(f"{cell.id}: another process is running it (its lock {path} is held)")
                time.sleep(0.1)
            yield lock

    def _result(self, cell: Cell) -> Path:
        return self.root / "cells" / f"{cell.id}.json"


def fingerprint(dataset: Dataset) -> dict[str, Any]:
    """Say which data these are: the layout, the counts, and a hash of keys, identities and cameras."""
    digest = hashlib.sha256()
    for split in SPLITS:
        for image in dataset.images(split):
            digest.update(f"{split}\t{image.key}\t{image.identity}\t{image.camera}\n".encode())
    images = {split: len(dataset.images(split)) for split in SPLITS}
    return {"format": dataset.format, "images": images, "sha256": digest.hexdigest()}


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _differing(result: Result, cell: Cell) -> list[str]:
    """Name the settings in which a result differs from the plan; a control's budget follows from another run."""
    try:
        made = RunConfig.from_dict(result["config"]).to_dict()
    except (ConfigError, KeyError, TypeError):
        return ["version of ucal"]
    wanted = cell.config.to_dict()
    free = {"budget"} if cell.waits_for else set()
    return [name for name in wanted if made[name] != wanted[name] and name not in free]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: expected a JSON object ({error})") from error
    if not isinstance(value, dict):
        raise RunError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value
