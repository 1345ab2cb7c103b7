"""The memory of a log that only grows: replayed once, then brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ucal.memory import LabelMemory
from ucal.types import Answer


class Replay:
    """Keeps the last memory between steps; what it gives equals `LabelMemory(n, mode, answers, imported)`."""

    def __init__(self) -> None:
        self._memory: LabelMemory | None = None
        self._events: list[str] = []  # ids that the memory has heard of, oldest first

    def of(
        self, n: int, mode: Literal["closure", "pair"], answers: Sequence[Answer], imported: Sequence[Answer] = ()
    ) -> LabelMemory:
        """Give the memory of these events, oldest first. Who adds to it must `lend` it first."""
        memory, known = self._memory, len(self._events)
        fits = memory is not None and memory.n == n and memory.mode == mode and known <= len(answers)
        fits = fits and memory is not None and memory.imported == tuple(imported)
        if memory is None or not fits or [answer.id for answer in answers[:known]] != self._events:
            memory, known, self._events = LabelMemory(n, mode, imported=imported), 0, []
        memory.extend(answers[known:])
        self._events += [answer.id for answer in answers[known:]]
        self._memory = memory
        return memory

    def first(
        self,
        count: int | None,
        n: int,
        mode: Literal["closure", "pair"],
        answers: Sequence[Answer],
        imported: Sequence[Answer] = (),
    ) -> LabelMemory:
        """Give the memory of the first `count` events (None = all), which is not kept where more have come."""
        if count is None or count >= len(answers):
            return self.of(n, mode, answers, imported)
        return LabelMemory(n, mode, answers[:count], imported)

    def lend(self) -> list[str]:
        """Forget the memory, which is about to hear answers before the log has them; give what it has heard."""
        events, self._memory, self._events = self._events, None, []
        return events

    def give_back(self, memory: LabelMemory, events: list[str]) -> None:
        """Keep a memory that has heard these events; a log that says otherwise is replayed."""
        self._memory, self._events = memory, events
