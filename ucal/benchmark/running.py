"""Run a plan's cells: each is one `ucal simulate` in a process of its own, so that memory and threads are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from ucal.benchmark.plan import Cell
from ucal.benchmark.workplace import Result, Workplace
from ucal.errors import RunError

_POLL = 0.2  # seconds between two looks at a child, so that a stop is heard


@dataclass(frozen=True, slots=True)
class Source:
    """Where the cells' data lie: one set for all seeds, or one a seed."""

    path: Callable[[int], Path]
    format: str
    held_out: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell that gave no result, and why."""

    cell: Cell
    reason: str


@dataclass(slots=True)
class Runner:
    """Runs cells, some side by side; finished ones are not run again, interrupted ones go on."""

    workplace: Workplace
    source: Source
    jobs: int = 1
    say: Callable[[str], None] = lambda text: None
    on_done: Callable[[int, int], None] = lambda done, total: None
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _done: int = field(default=0, init=False)

    def run(self, cells: Sequence[Cell]) -> tuple[Failure, ...]:
        """Run what is not finished: first all that wait for nothing, then the controls. Failures do not stop others.

        Raises:
            RunError: a finished result was made by other settings (before anything runs).
            KeyboardInterrupt: the runs were told to stop; the same call goes on with them.
        """
        todo = [cell for cell in cells if self.workplace.finished(cell) is None]
        self._done = len(cells) - len(todo)
        if self._done:
            self.say(f"{self._done} of {len(cells)} cells are finished already")
        failures: list[Failure] = []
        for wave in ([c for c in todo if c.waits_for is None], [c for c in todo if c.waits_for is not None]):
            failures += self._wave(wave, len(cells), {cell.id: cell for cell in cells})
        return tuple(failures)

    def _wave(self, wave: Sequence[Cell], total: int, all_cells: dict[str, Cell]) -> list[Failure]:
        failures = []
        with ThreadPoolExecutor(self.jobs) as pool:
            futures: dict[Future[None], Cell] = {pool.submit(self._cell, cell, all_cells): cell for cell in wave}
            try:
                for future in as_completed(futures):
                    cell, error = futures[future], future.exception()
                    if error is None:
                        self._done += 1
                        self.say(f"{cell.id}: {_summary(self.workplace.finished(cell))}")
                        self.on_done(self._done, total)
                    elif isinstance(error, RunError):
                        failures.append(Failure(cell, str(error)))
                        self.say(f"{cell.id} failed: {error}")
                    else:
                        raise error
            except BaseException:
                self._stop.set()  # the children are told, and the pool waits for them
                pool.shutdown(cancel_futures=True)
                raise
        return failures

    def _cell(self, cell: Cell, all_cells: dict[str, Cell]) -> None:
        config = cell.config
        if cell.waits_for is not None:
            matched = self.workplace.finished(all_cells[cell.waits_for])
            if matched is None:
                raise RunError(f"{cell.waits_for}, whose answers it matches, has no result")
            config = cell.with_budget(int(matched["final"]["answers"]))
        with self.workplace.held(cell) as lock:
            run, result = self.workplace.run(cell), self.workplace.run(cell).with_suffix(".json")
            settings = self.workplace.run(cell).with_suffix(".config")
            self.workplace.write_json(str(settings.relative_to(self.workplace.root)), config.to_dict())
            words = ["--data", str(self.source.path(cell.seed)), "--format", self.source.format]
            words += ["--held-out", str(self.source.held_out)] if self.source.held_out > 0 else []
            words += ["--config", str(settings), "--out", str(run), "--json", str(result)]
            self._child(cell, words, lock.fileno())
            self.workplace.finish(cell, json.loads(result.read_text(encoding="utf-8")))
            result.unlink()
            settings.unlink()

    def _child(self, cell: Cell, words: list[str], lock: int) -> None:
        """Run `ucal simulate`; it inherits the lock, and is told to stop when this process is."""
        log = self.workplace.log(cell)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as out:
            child = subprocess.Popen(
                [sys.executable, "-m", "ucal", "simulate", *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=(lock,),
                env=os.environ | _threads(cell.config.threads),
            )
        with child:
            while child.poll() is None:
                if self._stop.wait(_POLL):
                    child.terminate()
                    child.wait()
        if child.returncode != 0:
            raise RunError(f"{_last_line(log) or f'exit status {child.returncode}'} (log: {log})")


def _threads(threads: int) -> dict[str, str]:
    """Bound every library's threads as the run's own."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {name: str(threads) for name in names} if threads else {}


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "").removeprefix("ucal: ")


def _summary(result: Result | None) -> str:
    final = (result or {}).get("final") or {}
    minutes = sum((result or {}).get("seconds", {}).values()) / 60
    score = f"mAP {100 * final['mAP']:.1f}" if final.get("mAP") is not None else "no retrieval"
    if final.get("mAP") is None and final.get("pairwise") is not None:
        score = f"F1 {final['pairwise']['f1']:.3f}"
    return f"{score}, {final.get('answers', 0):,} answers, {minutes:.1f} min"
