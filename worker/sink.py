"""StoreSink: what the core tells, on its way to the run page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from backend.store import runs
from backend.store.session import SessionFactory, session_scope
from ucal.events import Event

log = structlog.get_logger()
EVERY_SECONDS = 1.0


@dataclass(slots=True)
class StoreSink:
    """Keeps the newest progress for the heartbeat to carry, and writes losses about once a second."""

    sessions: SessionFactory
    run_id: str
    iterations: int  # optimiser steps per round: numbers the points of the loss curve
    clock: Callable[[], float] = time.monotonic
    progress: dict[str, Any] | None = None
    _points: list[tuple[int, int, float]] = field(default_factory=list)
    _written: float = 0.0

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if event.name == "progress":
            self.progress = {name: event.values.get(name) for name in ("what", "done", "total")}
        elif event.name == "loss":
            self._add_loss(event)
        elif event.name in ("warning", "restart"):
            log.warning("run_" + event.name, run=self.run_id, **event.values)
        elif event.name in ("step", "neighbours", "reused"):
            log.info("run_" + event.name, run=self.run_id, **event.values)

    def flush(self) -> None:
        """Write the losses that wait. A step done again writes the same points again."""
        points, self._points = self._points, []
        if points:
            with session_scope(self.sessions) as session:
                runs.save_losses(session, self.run_id, points)

    def forget(self) -> None:
        """Drop what belongs to a step that was not finished."""
        self._points, self.progress = [], None

    def _add_loss(self, event: Event) -> None:
        round_, iteration = int(event.values["round"] or 0), int(event.values["iteration"] or 0)
        self._points.append((round_ * self.iterations + iteration, round_, float(event.values["loss"] or 0.0)))
        if self.clock() - self._written >= EVERY_SECONDS:
            self._written = self.clock()
            self.flush()
