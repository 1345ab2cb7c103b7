"""Progress for people: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from ucal.events import Event, Sink

_BAR = 24  # characters
_SECONDS_BETWEEN = {True: 0.1, False: 10.0}  # on a terminal, elsewhere
_QUIET_SECONDS = 2.0  # elsewhere, what is done sooner is not worth a line


def progress_sink(stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> Sink:
    """Give a sink that shows events on a stream (standard error)."""
    return _Shown(stream if stream is not None else sys.stderr, clock)


@dataclass(slots=True)
class _Shown:
    stream: TextIO
    clock: Callable[[], float]
    what: str = ""
    began: float = 0.0
    before: int = 0  # done when this piece of work was first heard of
    last_done: int = -1
    shown: float = 0.0  # when something was last written
    open_line: bool = field(default=False, init=False)

    def __call__(self, event: Event) -> None:
        if event.name == "progress":
            done, total = event.values.get("done"), event.values.get("total")
            if isinstance(done, int) and isinstance(total, int) and total > 0:
                self._progress(str(event.values.get("what", "")), done, total)
        elif event.name in ("warning", "restart"):
            self._line(f"{event.name}: {event.values.get('text', '')}")
        elif event.name in ("neighbours", "reused"):
            self._line(f"{event.name}: {', '.join(f'{name} {_figure(value)}' for name, value in event.values.items())}")
        elif event.name == "round":
            figures = (f"{name} {_figure(value)}" for name, value in event.values.items() if name != "round")
            self._line(f"round {event.values.get('round')}: {', '.join(figures)}")

    def _progress(self, what: str, done: int, total: int) -> None:
        now = self.clock()
        if what != self.what or done <= self.last_done:
            self.what, self.began, self.before, self.shown = what, now, done, now
        self.last_done = done
        finished = done >= total
        is_terminal = self.stream.isatty()
        due = now - self.shown >= _SECONDS_BETWEEN[is_terminal]
        worth_saying = is_terminal or now - self.began >= _QUIET_SECONDS
        if due or (finished and worth_saying):
            self._show(done, total, now)
        if finished:
            self._end_line()
            self.what = ""

    def _show(self, done: int, total: int, now: float) -> None:
        self.shown = now
        text = f"{self.what} {done:,}/{total:,}  {100 * done // total} %{self._time_left(done, total, now)}"
        if not self.stream.isatty():
            self._line(text)
            return
        filled = _BAR * done // total
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r" + f"[{'#' * filled}{'.' * (_BAR - filled)}] {text}"[:width].ljust(width))
        self.stream.flush()
        self.open_line = True

    def _time_left(self, done: int, total: int, now: float) -> str:
        if done >= total or done <= self.before:
            return ""
        seconds = round((now - self.began) / (done - self.before) * (total - done))
        hours, rest = divmod(seconds, 3600)
        clock = f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
        return f"  {clock} left"

    def _line(self, text: str) -> None:
        self._end_line()
        self.stream.write(text + "\n")
        self.stream.flush()

    def _end_line(self) -> None:
        if self.open_line:
            self.stream.write("\n")
            self.open_line = False


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)
