"""Answers that cannot all be true, the likeliest wrong one first."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ucal.memory import LabelMemory
from ucal.suspects import _capacity, _minimum_cut, suspected
from ucal.types import Answer, FloatArray, Kind, Verdict

S, D = Verdict.SAME, Verdict.DIFFERENT


def rows(*angles: float) -> FloatArray:
    """Give rows at these angles, and forty bystanders in pairs: ten pairs alike, ten not."""
    turned = np.radians(
        [*angles, *(10 * (i // 2) + 3 * (i % 2) for i in range(20)), *(90 * (i % 2) for i in range(20))]
    )
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def memory(n: int, *said: tuple[int, int, Verdict], settled: tuple[int, int, Verdict] | None = None) -> LabelMemory:
    answers = [Answer(f"a{i}", *one) for i, one in enumerate(said)]
    answers += [Answer(f"b{i}", n + i, n + i + 1, S if i < 20 else D) for i in range(0, 40, 2)]
    last = [Answer("settled", *settled, kind=Kind.CONFLICT)] if settled else []
    return LabelMemory(n + 40, answers=[*answers, *last])


# two identities, at 0 and at 80 degrees, and answers that say so plainly
TWO = rows(0, 3, 6, 80, 83, 86)
PLAIN = ((0, 1, S), (1, 2, S), (3, 4, S), (4, 5, S))


def test_the_least_similar_same_of_a_chain_comes_first_and_nothing_is_left_out():
    known = memory(6, *PLAIN, (0, 5, D), (2, 3, S))
    (conflict,) = suspected(known, TWO)
    assert conflict.pairs[0] == (2, 3)
    assert set(conflict.pairs) == set(known.conflicts()[0].pairs)


def test_a_different_of_two_rows_alike_comes_first():
    known = memory(6, *PLAIN, (0, 2, D), (0, 5, D))
    (conflict,) = suspected(known, TWO)
    assert conflict.pairs[0] == (0, 2)


def test_two_ways_between_the_rows_must_both_be_wrong():
    known = memory(6, *PLAIN, (2, 3, S), (1, 4, S), (0, 5, D))
    (conflict,) = suspected(known, TWO, error=0.3)  # so careless that two slips are likelier than one against all odds
    assert set(conflict.pairs[:2]) == {(2, 3), (1, 4)}
    assert set(conflict.pairs) == set(known.conflicts()[0].pairs) | {(2, 3), (1, 4)}


def test_what_somebody_settled_is_doubted_last():
    known = memory(6, *PLAIN, (0, 5, D), settled=(2, 3, S))
    (conflict,) = suspected(known, TWO)
    assert conflict.pairs[-1] == (2, 3)
    assert conflict.pairs[0] == (0, 5)


def test_a_second_vote_makes_an_answer_less_doubtful():
    alike = rows(0, 10, 20, 30)
    once = memory(4, (0, 1, S), (1, 2, S), (2, 3, S), (0, 3, D))
    twice = memory(4, (0, 1, S), (1, 2, S), (2, 3, S), (0, 3, D), (0, 3, D), (0, 1, S), (2, 3, S))
    assert suspected(once, alike)[0].pairs[0] == (0, 3)
    assert suspected(twice, alike)[0].pairs[0] == (1, 2)


def test_tied_votes_stay_a_conflict_of_one_pair():
    known = memory(4, (0, 1, S), (0, 1, D))
    assert [conflict.pairs for conflict in suspected(known, rows(0, 1, 2, 3))] == [((0, 1),)]


_edges = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1]),
    st.floats(0.01, 9.0),
    max_size=9,
)


@given(_edges)
def test_the_cut_is_the_cheapest_set_without_which_the_ends_fall_apart(weights):
    weights |= {(0, 1): 1.0, (1, 5): 2.0}  # a way from 0 to 5

    def joins(pairs: set[tuple[int, int]]) -> bool:
        answers = [Answer(f"{a}-{b}", a, b, S) for a, b in pairs]
        return LabelMemory(6, answers=answers).verdict(0, 5) is S

    cut = set(_minimum_cut((0, 5), weights))
    assert not joins(set(weights) - cut)
    price = sum(_capacity(weights[pair]) for pair in cut)
    sets = itertools.chain.from_iterable(itertools.combinations(weights, k) for k in range(1, 4))
    cheaper = (chosen for chosen in sets if sum(_capacity(weights[pair]) for pair in chosen) < price)
    assert all(joins(set(weights) - set(chosen)) for chosen in cheaper)
