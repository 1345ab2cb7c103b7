"""What the budgets still allow, and how much of a question fits into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from ucal.asking import shortened
from ucal.config import RunConfig
from ucal.costs import cost_of
from ucal.memory import LabelMemory
from ucal.types import Answer, Kind, Question, Tile

UNLIMITED = 2**62


@dataclass(frozen=True, slots=True)
class Room:
    """Pairs that may still be judged, and actions (key presses or clicks) that may still be taken."""

    pairs: int = UNLIMITED
    actions: float = UNLIMITED

    @property
    def is_none(self) -> bool:
        """Say whether nothing more can be asked."""
        return self.pairs <= 0 or self.actions <= 0

    def without(self, other: Room) -> Room:
        """Give what is left when `other` is taken."""
        return Room(self.pairs - other.pairs, self.actions - other.actions)

    def least(self, other: Room) -> Room:
        """Give what both allow."""
        return Room(min(self.pairs, other.pairs), min(self.actions, other.actions))


def budget_of(config: RunConfig, n: int) -> int | None:
    """Give the answers allowed in the whole run of n rows; SPAL's own is 2 n."""
    return 2 * n if config.budget is None and config.policy == "spal" else config.budget


def run_room(config: RunConfig, memory: LabelMemory) -> Room:
    """Give what the whole run's budgets still allow."""
    budget = budget_of(config, memory.n)
    pairs = UNLIMITED if budget is None else budget - memory.n_answers
    if config.budget_actions is None:
        return Room(pairs)
    return Room(pairs, config.budget_actions - memory.n_actions)


def round_room(config: RunConfig, memory: LabelMemory, round_: int) -> Room:
    """Give what the budget of one round still allows."""
    if config.budget_per_round is None:
        return Room()
    return Room(config.budget_per_round - answers_of(round_, memory))


def room_left(config: RunConfig, memory: LabelMemory, round_: int) -> Room:
    """Give what all budgets still allow in this round."""
    return run_room(config, memory).least(round_room(config, memory, round_))


def answers_of(round_: int, memory: LabelMemory) -> int:
    """Count the pairs that a round's answers judge."""
    return sum(answer.judged for answer in memory.answers if answer.round == round_)


def taken_by(answer: Answer) -> Room:
    """Give what an answer took."""
    return Room(answer.judged, cost_of(answer).actions)


def needed(question: Question) -> Room:
    """Give the most pairs that answering may judge (every odd row of every tile), and the actions to expect.

    A page is expected to take 1 action and, of each tile, the probability that its tick is wrong.
    """
    pairs = sum(len(tile.rows) for tile in question.tiles) or 1
    if question.kind is not Kind.PAGE:
        return Room(pairs, 1)
    return Room(pairs, 1 + sum(min(tile.p, 1 - tile.p) for tile in question.tiles))


def fitting(question: Question, room: Room) -> Question | None:
    """Give the question, with as many of its tiles as the room allows; None when there is none.

    Of the last tile that fits in part, the medoid and some of its spare rows stay.
    """
    if room.is_none:
        return None
    if not question.tiles or (needed(question).pairs <= room.pairs and needed(question).actions <= room.actions):
        return question
    tiles: list[Tile] = []
    for tile in question.tiles:
        left = room.without(needed(dataclasses.replace(question, tiles=tuple(tiles)))) if tiles else room
        if tiles and (left.pairs <= 0 or left.actions < min(tile.p, 1 - tile.p)):
            break
        tiles.append(dataclasses.replace(tile, rows=tile.rows[: left.pairs]))
    return shortened(question, tuple(tiles))


def fit_all(questions: Iterable[Question], room: Room) -> list[Question]:
    """Give the first questions that fit together, the last one perhaps with fewer tiles."""
    chosen: list[Question] = []
    for question in questions:
        part = fitting(question, room)
        if part is None:
            break
        room = room.without(needed(part))
        chosen.append(part)
    return chosen
