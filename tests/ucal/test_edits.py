"""What people do to clusters by themselves: split, unmerge, lock, name. Hand examples and laws."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ucal.asking import open_part
from ucal.config import RunConfig
from ucal.costs import cost_of, total_cost
from ucal.memory import LabelMemory
from ucal.proposers.efficient import EfficientProposer
from ucal.reorganise import keep_locked, reorganise
from ucal.seams import Scene
from ucal.types import Answer, Kind, Verdict

S, D = Verdict.SAME, Verdict.DIFFERENT
N = 8


def pair(id_: str, left: int, right: int, verdict: Verdict) -> Answer:
    return Answer(id_, left, right, verdict)


def edit(id_: str, kind: Kind, *groups: tuple[int, ...], text: str = "") -> Answer:
    rows = [row for group in groups for row in group]
    return Answer(id_, rows[0], rows[-1], D, kind=kind, groups=groups, text=text)


def undo(id_: str) -> Answer:
    return Answer(f"undo:{id_}", 0, 1, S, retracts=id_)


def along(n: int) -> np.ndarray:
    """Rows on an arc, a degree apart: the nearest row is the next one."""
    angles = np.deg2rad(np.arange(n))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_split_takes_the_chosen_rows_out_whatever_people_said_before():
    log = [pair("a", 0, 1, S), pair("b", 1, 2, S), pair("b2", 2, 1, S)]
    known = LabelMemory(N, "closure", log)
    assert known.verdict(0, 2) is S
    known.add(edit("c", Kind.SPLIT, (2, 3), (0, 1)))
    assert known.verdict(0, 2) is D
    assert known.verdict(0, 1) is S
    assert known.conflicts() == []
    labels = reorganise(np.zeros(N, np.int64), along(N), known)
    assert len({labels[0], labels[1]}) == 1
    assert labels[2] != labels[0]
    assert labels[3] != labels[0]
    known.add(undo("c"))
    assert known.verdict(0, 2) is S


def test_an_unmerge_outweighs_the_answers_that_joined_the_two_groups():
    known = LabelMemory(N, "closure", [pair("a", 0, 1, S), pair("b", 2, 3, S), pair("c", 1, 2, S), pair("d", 1, 2, S)])
    known.add(edit("e", Kind.UNMERGE, (2, 3), (0, 1)))
    assert known.groups() == [(0, 1), (2, 3)]
    assert known.verdict(0, 3) is D


def test_nobody_is_asked_about_a_locked_row_and_nothing_joins_it():
    known = LabelMemory(N, "closure", [edit("a", Kind.LOCK, (1, 2, 3))])
    assert known.verdict(1, 3) is S
    assert known.decided(3, 5)
    assert not known.decided(4, 5)
    assert known.locked_rows().tolist() == [1, 2, 3]
    assert reorganise(np.zeros(N, np.int64), along(N), known).tolist() == [0, 1, 1, 1, 0, 0, 0, 0]
    known.add(undo("a"))
    assert known.locked_rows().tolist() == []
    assert reorganise(np.zeros(N, np.int64), along(N), known).tolist() == [0] * N


def test_a_lock_keeps_one_image_alone_and_two_locks_that_an_answer_joins_together():
    one = LabelMemory(N, "closure", [edit("a", Kind.LOCK, (4,))])
    assert keep_locked(np.zeros(N, np.int64), one).tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
    two = LabelMemory(N, "closure", [edit("a", Kind.LOCK, (0, 1)), edit("b", Kind.LOCK, (4, 5)), pair("c", 1, 4, S)])
    assert keep_locked(np.full(N, -1), two).tolist() == [0, 0, -1, -1, 0, 0, -1, -1]


def test_a_lock_in_conflict_does_not_count():
    known = LabelMemory(N, "closure", [edit("a", Kind.LOCK, (0, 1, 2)), pair("b", 1, 2, D)])
    assert known.conflicts()
    assert keep_locked(np.zeros(N, np.int64), known).tolist() == [0] * N


def test_a_name_says_nothing_of_any_pair():
    known = LabelMemory(N, "closure", [edit("a", Kind.NAME, (3,), text="the tall one")])
    assert known.n_answers == 0
    assert not known.decided(3, 4)
    assert known.answers[0].text == "the tall one"


def test_edits_cost_what_the_person_did():
    split = edit("a", Kind.SPLIT, (2, 3), (0, 1, 4))
    assert (cost_of(split).answers, cost_of(split).actions, cost_of(split).seconds) == (2, 3, 4 + 1.4)
    merge = edit("b", Kind.UNMERGE, (2, 3), (0, 1))
    assert (cost_of(merge).answers, cost_of(merge).actions) == (1, 1)
    lock = edit("c", Kind.LOCK, (0, 1, 2))
    assert (cost_of(lock).answers, cost_of(lock).actions) == (2, 1)
    assert cost_of(edit("d", Kind.NAME, (3,))).actions == 0
    known = LabelMemory(N, "closure", [split, merge, lock])
    assert known.n_answers == total_cost([split, merge, lock]).answers == 5


def test_an_edit_survives_its_journey_through_json():
    for one in (
        edit("a", Kind.SPLIT, (2,), (0, 1)),
        edit("b", Kind.LOCK, (2, 4)),
        edit("c", Kind.NAME, (1,), text="x"),
    ):
        assert Answer.from_json(one.to_json()) == one


rows = st.integers(0, N - 1)
edits = st.one_of(
    st.tuples(rows, rows, st.sampled_from([S, D])).filter(lambda t: t[0] != t[1]),
    st.lists(rows, unique=True, min_size=2, max_size=5).flatmap(
        lambda chosen: st.tuples(st.just(chosen), st.integers(1, len(chosen) - 1), st.sampled_from(list(Kind)[4:7]))
    ),
)


def event(index: int, drawn: tuple) -> Answer:  # type: ignore[type-arg]
    if isinstance(drawn[0], int):
        return pair(f"a{index}", *drawn)
    chosen, cut, kind = drawn
    groups = (tuple(chosen),) if kind is Kind.LOCK else (tuple(chosen[:cut]), tuple(chosen[cut:]))
    return edit(f"a{index}", kind, *groups)


@settings(max_examples=150, deadline=None)
@given(drawn=st.lists(edits, max_size=8), undone=st.sets(st.integers(0, 7)), shuffled=st.randoms(use_true_random=False))
def test_any_edits_in_any_order_any_of_them_undone(drawn, undone, shuffled):
    log = [event(i, one) for i, one in enumerate(drawn)]
    log += [undo(f"a{i}") for i in sorted(undone) if i < len(drawn)]
    known = LabelMemory(N, "closure", log)
    mixed = list(log)
    shuffled.shuffle(mixed)
    other = LabelMemory(N, "closure", mixed)
    standing = LabelMemory(N, "closure", [one for i, one in enumerate(log[: len(drawn)]) if i not in undone])
    base = np.zeros(N, np.int64)
    labels = reorganise(base, along(N), known)
    for same in (other, standing):
        np.testing.assert_array_equal(labels, reorganise(base, along(N), same))
        assert (known.n_answers, known.conflicts()) == (same.n_answers, same.conflicts())
    frozen = set(known.excluded_rows().tolist())
    for a, b in known.cannot_pairs():
        assert labels[a] != labels[b]
    for first, *rest in (one.groups[0] for one in known.answers if one.kind is Kind.LOCK):
        if frozen.isdisjoint((first, *rest)) and all(known.verdict(first, row) is S for row in rest):
            assert {int(labels[row]) for row in rest} <= {int(labels[first])}


def test_the_efficient_policy_heeds_splits_and_locks_and_asks_nothing_about_a_locked_cluster():
    rng = np.random.default_rng(0)
    identities = np.repeat(np.arange(12), 8)
    features = rng.normal(size=(12, 16))[identities] + 0.5 * rng.normal(size=(96, 16))
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    propose = EfficientProposer(RunConfig(policy="efficient", train=False, query_from=0))
    known = LabelMemory(96)
    before = propose.labels(features, known, 0)
    first, second = (tuple(np.flatnonzero(before == label).tolist()) for label in (0, 1))
    known.add(edit("a", Kind.SPLIT, first[:2], first[2:]))
    known.add(edit("b", Kind.LOCK, second))
    labels = keep_locked(propose.labels(features, known, 0), known)
    assert not set(labels[list(first[:2])]) & set(labels[list(first[2:])]) - {-1}
    assert tuple(np.flatnonzero(labels == labels[second[0]]).tolist()) == second
    asked = [
        question for stage in ("calibrate", "page") for question in propose(Scene(0, stage, features, labels, known))
    ]
    left = [part for question in asked if (part := open_part(question, known)) is not None]
    assert left
    assert not any(set(pair) & set(second) for part in left for pair in part.pairs)
