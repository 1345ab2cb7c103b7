"""What is kept of runs between requests: of which, and for how long."""

from __future__ import annotations

import pytest

from backend.store.tail import Recent
from tests.backend.world import World


def test_the_runs_that_were_asked_for_last_are_kept(world: World):
    recent: Recent[list[str]] = Recent(2)
    with world.scope(read_only=True) as session:
        first, second = recent.get(session, "first", list), recent.get(session, "second", list)
        assert recent.get(session, "first", list) is first
        recent.get(session, "third", list)
        assert recent.get(session, "first", list) is first
        assert recent.get(session, "second", list) is not second


def test_what_a_transaction_that_failed_was_given_is_not_kept(world: World):
    recent: Recent[list[str]] = Recent(2)
    with world.scope() as session:
        stored = recent.get(session, "run", list)

    def fail() -> None:
        with world.scope() as session:
            assert recent.get(session, "run", list) is stored
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with world.scope() as session:
        assert recent.get(session, "run", list) is not stored
