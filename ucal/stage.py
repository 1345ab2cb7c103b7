"""One stage of a round: which of its questions are open, given what the answers say by now."""

from __future__ import annotations

from collections.abc import Iterator

from ucal.asking import open_part
from ucal.budget import Room, fitting, needed, room_left, taken_by
from ucal.config import RunConfig
from ucal.memory import LabelMemory
from ucal.state import State
from ucal.types import Answer, Question, Verdict


class Stage:
    """The questions of a stage, while answers come in (`take`).

    Source: UCAL 4.2 (at most a share of the clusters merge in an epoch); differs: people answer side by side, so
    what is closed is the stage, once as many "same" answers are in.
    """

    def __init__(self, state: State, config: RunConfig, memory: LabelMemory) -> None:
        self.questions = state.questions or ()
        self.memory = memory
        self.most_merges = state.room
        self.room = room_left(config, memory, state.round)
        ids = {question.id for question in self.questions}
        self.merges = sum(_merges(answer) for answer in memory.answers if answer.question in ids)

    def take(self, answer: Answer) -> None:
        """Count an answer that the memory took."""
        self.room = self.room.without(taken_by(answer))
        self.merges += _merges(answer)

    def open_questions(self) -> Iterator[Question]:
        """Yield what is open, best first, looking at the memory again before each one.

        What was offered and is not answered yet has its part of the budget kept.
        """
        kept = Room(0, 0)
        for question in self.questions:
            if self.most_merges is not None and self.merges >= self.most_merges:
                return
            room = self.room.without(kept)
            if room.is_none:
                return
            part = open_part(question, self.memory)
            part = None if part is None else fitting(part, room)
            if part is None:
                continue
            yield part
            if not self.memory.answered(part.id):
                need = needed(part)
                kept = Room(kept.pairs + need.pairs, kept.actions + need.actions)


def _merges(answer: Answer) -> int:
    return sum(verdict is Verdict.SAME for _, _, verdict in answer.links)
