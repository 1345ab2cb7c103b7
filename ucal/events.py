"""What the core tells whoever listens. The core prints nothing: it sends events to a sink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: a name and figures.

    Names in use: `progress` (done, total; `what` = embed | cluster | train | evaluate),
    `loss` (round, iteration, loss), `step` (round, step, seconds), `round` (the round's report),
    `warning` (text), `restart` (text), `neighbours` (engine, proven, checked, differing, missed: an
    approximate search's shares of rows and neighbours), `reused` (share of neighbour lists kept from the last round).
    """

    name: str
    values: dict[str, float | int | str | None] = field(default_factory=dict)


Sink = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listen to nothing."""
