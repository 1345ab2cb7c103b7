"""LabelMemory: hand examples and laws."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ucal.costs import total_cost
from ucal.errors import AnswerError
from ucal.memory import LabelMemory
from ucal.types import Answer, Verdict

S, D, U = Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE


def make(id_: str, left: int, right: int, verdict: Verdict, **more: object) -> Answer:
    return Answer(id=id_, left=left, right=right, verdict=verdict, **more)  # type: ignore[arg-type]


def memory(*answers: tuple[int, int, Verdict], n: int = 10, mode: str = "closure") -> LabelMemory:
    return LabelMemory(n, mode, [make(f"a{i}", *answer) for i, answer in enumerate(answers)])  # type: ignore[arg-type]


def test_same_is_inferred_along_a_chain():
    assert memory((0, 1, S), (1, 2, S)).verdict(0, 2) is S


def test_different_holds_between_whole_groups():
    known = memory((0, 1, S), (2, 3, S), (1, 2, D))
    assert known.verdict(0, 3) is D
    assert known.n_inferred() == 3  # 0-2, 0-3, 1-3


def test_different_then_different_decides_nothing():
    assert memory((0, 1, D), (1, 2, D)).verdict(0, 2) is None


def test_pair_memory_remembers_only_the_identical_pair():
    known = memory((0, 1, S), (1, 2, S), mode="pair")
    assert known.verdict(1, 0) is S
    assert known.verdict(0, 2) is None
    assert not known.decided(0, 2)
    assert known.groups() == [(0, 1, 2)]
    assert known.n_inferred() == 0


def test_unsure_decides_nothing_and_is_not_asked_again():
    known = memory((0, 1, U))
    assert known.verdict(0, 1) is None
    assert known.decided(0, 1)


def test_a_contradiction_is_data_and_freezes_its_group():
    known = memory((0, 1, S), (1, 2, S), (0, 2, D), (2, 5, D))
    assert known.verdict(0, 1) is None
    assert known.verdict(1, 5) is None
    (conflict,) = known.conflicts()
    assert conflict.pairs == ((0, 2), (0, 1), (1, 2))
    assert known.excluded_rows().tolist() == [0, 1, 2]
    assert known.groups() == []
    assert known.cannot_pairs() == []


def test_a_tie_decides_nothing_until_a_third_vote():
    known = memory((0, 1, S), (0, 1, D))
    assert known.verdict(0, 1) is None
    assert known.conflicts()[0].pairs == ((0, 1),)
    known.add(make("third", 1, 0, D))
    assert known.verdict(0, 1) is D
    assert known.conflicts() == []


def test_undo_takes_back_what_followed():
    known = memory((0, 1, S), (1, 2, S))
    known.add(make("undo", 0, 0, S, retracts="a1"))
    assert known.verdict(0, 2) is None
    assert known.verdict(0, 1) is S
    assert known.n_answers == 1


def test_undo_of_the_contradicting_answer_frees_the_group():
    known = memory((0, 1, S), (1, 2, S), (0, 2, D))
    known.add(make("undo", 0, 0, S, retracts="a2"))
    assert known.verdict(0, 2) is S
    assert known.excluded_rows().tolist() == []


def test_an_undo_that_overtakes_its_answer_still_undoes_it():
    known = LabelMemory(4)
    known.add(make("undo", 0, 0, S, retracts="late"))
    known.add(make("late", 0, 1, S))
    assert known.verdict(0, 1) is None
    assert known.n_answers == 0


def test_the_same_answer_twice_counts_once():
    known = LabelMemory(4)
    assert known.add(make("x", 0, 1, S))
    assert not known.add(make("x", 0, 1, S))
    assert known.n_answers == 1


def test_bad_images_stay_out_of_training():
    known = LabelMemory(4, answers=[make("x", 0, 1, Verdict.BAD_IMAGE, bad_rows=(1,))])
    assert known.excluded_rows().tolist() == [1]
    assert known.verdict(0, 1) is None


def test_answered_knows_the_question():
    known = LabelMemory(4, answers=[make("x", 0, 1, U, question="q")])
    assert known.answered("q")
    known.add(make("y", 0, 0, S, retracts="x"))
    assert not known.answered("q")


@pytest.mark.parametrize(("left", "right"), [(0, 0), (-1, 2), (0, 4)])
def test_rows_outside_the_data_are_refused(left: int, right: int):
    with pytest.raises(AnswerError, match="expected two different rows"):
        LabelMemory(4).add(make("x", left, right, S))


N = 7
rows = st.integers(0, N - 1)
events = st.lists(
    st.one_of(
        st.tuples(rows, rows, st.sampled_from([S, S, D, U])).filter(lambda e: e[0] != e[1]),
        st.tuples(st.just("undo"), st.integers(0, 20)),
    ),
    max_size=25,
)


def as_answers(drawn: list[tuple[object, ...]]) -> list[Answer]:
    answers = []
    for i, event in enumerate(drawn):
        if event[0] == "undo":
            answers.append(make(f"e{i}", 0, 0, S, retracts=f"e{event[1]}"))
        else:
            answers.append(make(f"e{i}", *event))  # type: ignore[arg-type]
    # an undo of an undo has no meaning: keep undos of answers only
    undos = {a.id for a in answers if a.retracts}
    return [a for a in answers if a.retracts not in undos]


def picture(known: LabelMemory) -> object:
    verdicts = [known.verdict(i, j) for i, j in itertools.combinations(range(N), 2)]
    groups, cannot = sorted(known.groups()), known.cannot_pairs()
    return verdicts, groups, cannot, known.excluded_rows().tolist(), known.n_inferred(), known.n_answers


@settings(max_examples=200, deadline=None)
@given(events, st.randoms(use_true_random=False), st.sampled_from(["closure", "pair"]))
def test_the_order_of_events_does_not_matter(drawn, random, mode):
    answers = as_answers(drawn)
    shuffled = random.sample(answers, len(answers))
    assert picture(LabelMemory(N, mode, answers)) == picture(LabelMemory(N, mode, shuffled))


@given(events)
def test_what_is_counted_is_what_stands(drawn):
    known = LabelMemory(N, "closure", as_answers(drawn))
    standing = known.answers
    assert known.n_actions == total_cost(standing).actions
    assert known.judged_rows().tolist() == sorted({row for a in standing for pair in a.links for row in pair[:2]})
    assert known.cannot_rows().tolist() == [list(pair) for pair in sorted(known.cannot_pairs())]


@settings(max_examples=200, deadline=None)
@given(events)
def test_asking_in_between_changes_nothing(drawn):
    """Incremental equals replay."""
    answers = as_answers(drawn)
    incremental = LabelMemory(N)
    for answer in answers:
        incremental.add(answer)
        picture(incremental)
    assert picture(incremental) == picture(LabelMemory(N, "closure", answers))


@settings(max_examples=200, deadline=None)
@given(events)
def test_undoing_everything_forgets_everything(drawn):
    answers = as_answers(drawn)
    known = LabelMemory(N, "closure", answers)
    for answer in answers:
        if answer.retracts is None:
            known.add(make(f"undo-{answer.id}", 0, 0, S, retracts=answer.id))
    assert picture(known) == picture(LabelMemory(N))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=N, max_size=N), st.lists(st.tuples(rows, rows), max_size=30))
def test_true_answers_never_conflict_and_are_never_contradicted(identities, pairs):
    known = LabelMemory(N)
    for i, (left, right) in enumerate(pairs):
        if left != right:
            known.add(make(f"t{i}", left, right, S if identities[left] == identities[right] else D))
    assert known.conflicts() == []
    for left, right in itertools.combinations(range(N), 2):
        verdict = known.verdict(left, right)
        assert verdict in (None, S if identities[left] == identities[right] else D)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(rows, rows, st.sampled_from([S, D])).filter(lambda e: e[0] != e[1]), max_size=20))
def test_closure_equals_the_literal_closure(drawn):
    """Against brute force: votes by majority, reachability by repeated squaring."""
    known = memory(*drawn, n=N)
    same = [[i == j for j in range(N)] for i in range(N)]
    apart = set()
    for pair in {tuple(sorted(event[:2])) for event in drawn}:
        votes = [v for a, b, v in drawn if tuple(sorted((a, b))) == pair]
        if votes.count(S) > votes.count(D):
            same[pair[0]][pair[1]] = same[pair[1]][pair[0]] = True
        elif votes.count(D) > votes.count(S):
            apart.add(pair)
    for k, i, j in itertools.product(range(N), repeat=3):
        same[i][j] = same[i][j] or (same[i][k] and same[k][j])
    frozen = {i for i in range(N) for a, b in apart if same[a][b] and same[a][i]}
    for i, j in itertools.combinations(range(N), 2):
        expected = None
        if i not in frozen and j not in frozen:
            if same[i][j]:
                expected = S
            elif any((same[i][a] and same[j][b]) or (same[i][b] and same[j][a]) for a, b in apart):
                expected = D
        assert known.verdict(i, j) is expected


@settings(max_examples=100, deadline=None)
@given(events, rows, st.integers(0, 30))
def test_joined_is_what_a_replay_without_an_answer_would_join(drawn, start, number):
    log = as_answers(drawn)
    known = LabelMemory(N, answers=log)
    less = [known.answers[number % len(known.answers)]] if known.answers else []
    rest = LabelMemory(N, answers=[answer for answer in known.answers if answer not in less])
    assert known.joined([start], less) == rest.joined([start])
    assert known.joined([start]) == rest.joined([start], more=less)
