"""Replay: the memory kept between steps is the memory of the whole log."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ucal.memory import LabelMemory
from ucal.replay import Replay
from ucal.types import Answer, Verdict

_N = 6
_said = st.tuples(st.integers(0, _N - 1), st.integers(0, _N - 1), st.sampled_from(list(Verdict)[:3]), st.booleans())


def events_of(said) -> list[Answer]:
    """Give answers, and an undo of the one before where the last field says so."""
    events = []
    for i, (left, right, verdict, undone) in enumerate(said):
        if left != right:
            events.append(Answer(f"a{i}", left, right, verdict))
            if undone:
                events.append(Answer(f"u{i}", left, right, verdict, retracts=f"a{i}"))
    return events


def facts(memory: LabelMemory) -> tuple:
    return memory.answers, memory.groups(), memory.cannot_pairs(), memory.conflicts(), memory.n_answers


@given(st.lists(_said, max_size=20), st.lists(st.integers(0, 40)))
def test_it_gives_what_a_fresh_replay_gives_however_the_log_grew(said, cuts):
    events, replay = events_of(said), Replay()
    for cut in [*sorted(cuts), len(events)]:
        log = events[:cut]
        assert facts(replay.of(_N, "closure", log)) == facts(LabelMemory(_N, "closure", log))


def test_answers_that_never_reached_the_log_are_not_remembered():
    replay = Replay()
    memory = replay.of(3, "closure", [])
    replay.lend()
    memory.add(Answer("lost", 0, 1, Verdict.SAME))
    assert replay.of(3, "closure", []).n_answers == 0


def test_a_memory_given_back_is_kept_where_the_log_agrees_and_replayed_where_not():
    replay = Replay()
    memory = replay.of(3, "closure", [])
    heard, answer = replay.lend(), Answer("x", 0, 1, Verdict.SAME)
    memory.add(answer)
    replay.give_back(memory, [*heard, "x"])
    assert replay.of(3, "closure", [answer]) is memory
    other = replay.of(3, "closure", [Answer("y", 1, 2, Verdict.DIFFERENT)])
    assert other is not memory
    assert other.verdict(0, 1) is None
