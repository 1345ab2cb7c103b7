"""Votes become one answer: worked examples, and laws for any votes."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucal.errors import AnswerError
from ucal.memory import LabelMemory
from ucal.types import Answer, Kind, TileAnswer, Verdict
from ucal.votes import START_ERROR, combined, differ, error_rate, heaviest, surprise, weight

SAME, DIFFERENT, UNSURE, BAD = Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE, Verdict.BAD_IMAGE


def vote(person: str, verdict: Verdict, **more: object) -> Answer:
    return Answer(f"a-{person}", 0, 1, verdict, "q", person, seconds=2.0, **more)  # type: ignore[arg-type]


def page(person: str, *tiles: TileAnswer, bad: tuple[int, ...] = ()) -> Answer:
    first = tiles[0]
    return Answer(
        f"a-{person}", 0, first.row, first.verdict, "q", person, bad_rows=bad, kind=Kind.PAGE, tiles=tuple(tiles)
    )


def test_without_checks_the_majority_decides_and_a_tie_is_unsure():
    three = [vote("a", SAME), vote("b", DIFFERENT), vote("c", SAME)]
    assert combined(three, {}, "v").verdict is SAME
    assert combined(three[:2], {}, "v").verdict is UNSURE


def test_one_reliable_person_outweighs_two_careless_ones():
    # e = (1 + .2) / (50 + 10) = .02 for 49 of 50; (25 + .2) / 60 = .42 for 25 of 50: weights 3.89 and .32.
    assert error_rate(49, 50) == pytest.approx(1.2 / 60)
    heavy, light = weight(error_rate(49, 50)), weight(error_rate(25, 50))
    assert (heavy, light) == (pytest.approx(log(58.8 / 1.2)), pytest.approx(log(34.8 / 25.2)))
    votes = [vote("a", SAME), vote("b", DIFFERENT), vote("c", DIFFERENT)]
    assert combined(votes, {"a": heavy, "b": light, "c": light}, "v").verdict is SAME
    assert combined(votes, {}, "v").verdict is DIFFERENT


def test_error_rates_start_at_the_assumed_one_and_stay_within_bounds():
    assert error_rate(0, 0) == START_ERROR
    assert error_rate(10_000, 10_000) == 0.005
    assert error_rate(0, 100) == 0.45
    with pytest.raises(ValueError, match="3 of 2"):
        error_rate(3, 2)


def test_surprise_is_that_of_a_worked_example():
    # e = .02, the model gave the answer .1: .02 * .9 / (.02 * .9 + .98 * .1) = .018 / .116
    assert surprise(0.02, 0.1) == pytest.approx(0.018 / 0.116)
    assert surprise(0.02, 0.5) == pytest.approx(0.02)


def test_the_verdict_carries_the_seconds_of_all_and_nobodys_name():
    one = combined([vote("a", SAME), vote("b", SAME)], {}, "v-1")
    assert (one.id, one.person, one.seconds, one.question) == ("v-1", "", 4.0, "q")


def test_a_bad_image_is_the_one_that_most_callers_name():
    votes = [vote("a", BAD, bad_rows=(0, 1)), vote("b", BAD, bad_rows=(1,)), vote("c", SAME)]
    said = combined(votes, {}, "v")
    assert (said.verdict, said.bad_rows) == (BAD, (1,))
    split = combined([vote("a", BAD, bad_rows=(0,)), vote("b", BAD, bad_rows=(1,)), vote("c", SAME)], {}, "v")
    assert split.bad_rows == (0,)  # halves: the first caller's


def test_a_page_is_decided_tile_by_tile():
    votes = [
        page("a", TileAnswer(1, SAME, (5,)), TileAnswer(2, SAME), TileAnswer(3, DIFFERENT)),
        page("b", TileAnswer(1, SAME), TileAnswer(2, DIFFERENT), TileAnswer(3, DIFFERENT), bad=(0,)),
        page("c", TileAnswer(1, DIFFERENT, (5,)), TileAnswer(2, DIFFERENT), TileAnswer(4, BAD), bad=(0, 4)),
    ]
    said = combined(votes, {}, "v")
    assert [(tile.row, tile.verdict, tile.odd) for tile in said.tiles] == [
        (1, SAME, (5,)),
        (2, DIFFERENT, ()),
        (3, DIFFERENT, ()),
        (4, BAD, ()),
    ]
    assert (said.right, said.verdict, said.bad_rows) == (1, SAME, (0, 4))


def test_votes_differ_where_one_more_is_worth_its_time():
    assert not differ([vote("a", SAME), vote("b", SAME)])
    assert differ([vote("a", SAME), vote("b", UNSURE)])
    assert differ([vote("a", BAD, bad_rows=(0,)), vote("b", BAD, bad_rows=(1,))])
    assert differ([page("a", TileAnswer(1, SAME)), page("b", TileAnswer(1, DIFFERENT))])
    assert not differ([page("a", TileAnswer(1, SAME)), page("b", TileAnswer(1, UNSURE))])


def test_votes_on_several_questions_are_refused():
    with pytest.raises(AnswerError, match="one question"):
        combined([vote("a", SAME), Answer("x", 0, 1, SAME, "other", "b")], {}, "v")
    with pytest.raises(AnswerError, match="one question"):
        combined([], {}, "v")
    with pytest.raises(AnswerError, match="several kinds"):
        differ([vote("a", SAME), page("b", TileAnswer(1, SAME))])


verdicts = st.sampled_from([SAME, DIFFERENT, UNSURE])


@given(st.lists(st.tuples(verdicts, st.floats(0.2, 5.3)), min_size=1, max_size=9), st.randoms())
def test_the_order_of_votes_never_matters_and_the_result_is_an_answer_the_memory_takes(said, random):
    people = [f"p{i}" for i in range(len(said))]
    votes = [vote(person, verdict) for person, (verdict, _) in zip(people, said, strict=True)]
    weights = {person: heavy for person, (_, heavy) in zip(people, said, strict=True)}
    found = combined(votes, weights, "v")
    random.shuffle(votes)
    assert combined(votes, weights, "v").verdict is found.verdict
    assert LabelMemory(2, answers=[found]).n_answers == 1


@given(st.lists(verdicts, min_size=1, max_size=9))
def test_with_equal_weights_it_is_the_plain_plurality(said):
    found = heaviest([(verdict, 1.0) for verdict in said])
    most = max(said.count(verdict) for verdict in said)
    winners = {verdict for verdict in said if said.count(verdict) == most}
    assert winners == {found} if len(winners) == 1 else found is None


def wrong(person: str, left: int, right: int, verdict: Verdict) -> Answer:
    return Answer(f"a-{person}", left, right, verdict, "q", person, kind=Kind.CONFLICT)


def test_people_may_name_different_answers_of_a_conflict_as_wrong():
    three = [wrong("a", 0, 2, SAME), wrong("b", 0, 1, DIFFERENT), wrong("c", 0, 1, DIFFERENT)]
    assert differ(three)
    assert not differ(three[1:])
    made = combined(three, {}, "v")
    assert (made.left, made.right, made.verdict, made.kind) == (0, 1, DIFFERENT, Kind.CONFLICT)
    assert combined(three[:2], {}, "v").verdict is UNSURE


def test_an_anchor_that_everybody_calls_bad_leaves_nothing_to_judge():
    bad = [Answer(f"a-{who}", 0, 1, BAD, "q", who, bad_rows=(0,), kind=Kind.PAGE) for who in ("a", "b")]
    made = combined(bad, {}, "v")
    assert (made.verdict, made.bad_rows, made.tiles) == (BAD, (0,), ())
