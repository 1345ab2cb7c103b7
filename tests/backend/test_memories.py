"""Memories that are kept between requests: what they read again, and what they must not miss."""

from __future__ import annotations

import pytest

from backend.store import memories
from backend.store.memories import memories_of
from backend.store.models import Answer, Run
from tests.backend.asked import page, publish, screens
from tests.backend.world import World
from ucal.types import Verdict


def verdict(world: World, run: Run, left: int, right: int) -> Verdict | None:
    with world.scope(read_only=True) as session, memories_of(session).of(session, run) as memory:
        return memory.verdict(left, right)


def test_answers_that_were_read_are_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch):
    run = world.run(world.project())
    publish(world, run, page(0, [1], [2], [3]))
    [screen] = screens(world.annotator(), run)
    assert screen.answer(tiles=screen.tiles({1: "same", 2: "same", 3: "different"})).status_code == 200
    assert verdict(world, run, 1, 2) is Verdict.SAME

    def refuse(_: object) -> None:
        raise AssertionError("a page was read again")

    monkeypatch.setattr(memories, "tile_answers", refuse)
    assert verdict(world, run, 1, 3) is Verdict.DIFFERENT


def test_an_answer_stored_after_one_with_a_higher_number_is_not_missed(both: World):
    run = both.run(both.project())
    for seq, left in ((7, 3), (5, 0), (6, 6)):  # transactions do not commit in the order of their numbers
        with both.scope() as session:
            facts = {"run_id": run.id, "question_id": f"q{seq}", "verdict": "same"}
            session.add(Answer(seq=seq, id=f"answer-{seq}", left_row=left, right_row=left + 1, **facts))
        assert verdict(both, run, left, left + 1) is Verdict.SAME
