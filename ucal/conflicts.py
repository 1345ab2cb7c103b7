"""Answers that cannot all be true, and the graph of "same" pairs that they are found in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ucal.closure import Pair

Beside = Mapping[int, Sequence[int]]
"""row -> the rows it is linked with"""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Answers that cannot all be true.

    `pairs` are the answered pairs that disagree: the "different" first, then the chain of "same"
    that contradicts it (empty when the votes on the one pair are tied).
    """

    pairs: tuple[Pair, ...]


def beside_of(pairs: Iterable[Pair]) -> dict[int, list[int]]:
    """Give each row's linked rows, rising."""
    beside: dict[int, list[int]] = {}
    for low, high in sorted(pairs):
        beside.setdefault(low, []).append(high)
        beside.setdefault(high, []).append(low)
    return {row: sorted(others) for row, others in beside.items()}


def reached(beside: Beside, start: int) -> tuple[int, ...]:
    """Give the rows that links lead to from `start`, itself included, rising."""
    found, waiting = {start}, [start]
    while waiting:
        for row in beside.get(waiting.pop(), ()):
            if row not in found:
                found.add(row)
                waiting.append(row)
    return tuple(sorted(found))


def chain(beside: Beside, start: int, goal: int) -> tuple[Pair, ...]:
    """Give a shortest chain of linked pairs from start to goal, the one over lower rows; there must be one."""
    before = {start: start}
    queue = deque([start])
    while queue and goal not in before:
        row = queue.popleft()
        for other in beside.get(row, ()):
            if other not in before:
                before[other] = row
                queue.append(other)
    path, row = [], goal
    while row != start:
        path.append((min(row, before[row]), max(row, before[row])))
        row = before[row]
    return tuple(reversed(path))
