"""Page questions: one answer for many pairs, from the question to the memory and back."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from ucal.annotators import Oracle
from ucal.asking import answer_page, open_part
from ucal.costs import Cost, cost_of, total_cost
from ucal.errors import AnswerError
from ucal.memory import LabelMemory
from ucal.state import State
from ucal.types import Answer, Kind, Question, Reason, Role, Tile, Verdict, conflict_id, page_id

S, D, U = Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE
TILES = (
    Tile((1, 2), ticked=True, size=5, p=0.9, role=Role.INSIDE, signals=(1.5, 0.0)),
    Tile((3, 4, 5), ticked=True, size=3, p=0.7, role=Role.INSIDE),
    Tile((6,), p=0.1),
)


def page(tiles: tuple[Tile, ...] = TILES, kind: Kind = Kind.PAGE) -> Question:
    id_ = page_id(2, 0, [tile.rows[0] for tile in tiles])
    first = tiles[0]
    return Question(
        id_,
        0,
        first.rows[0],
        (0,),
        first.rows,
        Reason.GROUP,
        0.5,
        2,
        right_size=first.size,
        kind=kind,
        tiles=tiles,
        gain=9.0,
    )


def judged(**more: object) -> Answer:
    return answer_page(page(), {1: S, 3: D, 6: U}, id_="a", odd={3: (5,)}, person="p", **more)  # type: ignore[arg-type]


def test_a_page_links_every_tile_to_the_anchor_and_odd_rows_away_from_their_medoid():
    assert judged().links == ((0, 1, S), (0, 3, D), (0, 6, U), (3, 5, D))


def test_a_pages_answer_repeats_its_first_tile_and_keeps_what_was_believed():
    answer = judged()
    assert (answer.left, answer.right, answer.verdict, answer.round) == (0, 1, S, 2)
    assert answer.tiles[0].p == 0.9
    assert answer.tiles[0].signals == (1.5, 0.0)


def test_toggles_are_what_was_changed():
    assert [tile.toggles for tile in judged().tiles] == [0, 2, 1]
    assert cost_of(judged()) == Cost(4, 4, pytest.approx(4 + 0.7 * 3), pytest.approx(2 + 0.3 * 3 + 0.7 * 3))


def test_a_pair_and_a_card_are_one_action():
    pair = Answer("x", 0, 1, S)
    assert total_cost([pair, pair, dataclasses.replace(pair, kind=Kind.CARD)]) == Cost(3, 3, 8.0, 8.0)


def test_answers_and_questions_survive_their_json():
    answer = judged(seconds=3.5, at="2026-01-01T00:00:00Z")
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer
    disputed = dataclasses.replace(page(), kind=Kind.CONFLICT, tiles=(), disputed=((0, 1, S), (1, 2, D)))
    state = State(questions=(page(), disputed))
    assert State.loads(state.dumps()) == state


def test_an_old_log_without_pages_is_read():
    old = {"id": "a", "left": 0, "right": 1, "verdict": "same"}
    assert Answer.from_json(old) == Answer("a", 0, 1, S)


def test_the_memory_learns_all_links_and_forgets_all_on_undo():
    known = LabelMemory(8, answers=[judged()])
    assert known.n_answers == 4
    assert known.verdict(0, 1) is S
    assert known.verdict(1, 3) is D
    assert known.verdict(3, 5) is D
    assert known.verdict(0, 6) is None
    assert known.decided(0, 6)
    assert known.answered(page().id)
    known.add(Answer("undo", 0, 0, S, retracts="a"))
    assert known.n_answers == 0
    assert known.groups() == []
    assert known.cannot_pairs() == []
    assert not known.answered(page().id)


def test_tiles_that_follow_are_dropped_at_the_door():
    known = LabelMemory(8, answers=[Answer("x", 0, 3, D)])
    left = open_part(page(), known)
    assert left is not None
    assert [tile.rows[0] for tile in left.tiles] == [1, 6]
    assert left.id == page().id
    assert left.gain == pytest.approx(6.0)
    known.extend([Answer("y", 0, 1, S), Answer("z", 0, 6, U)])
    assert open_part(page(), known) is None


def test_a_second_look_is_open_until_it_is_answered():
    again = Question("q", 0, 1, (0,), (1,), Reason.SECOND_LOOK, 0.5, 0)
    known = LabelMemory(8, answers=[Answer("x", 0, 1, D)])
    assert open_part(again, known) is again
    known.add(Answer("y", 0, 1, D, question="q"))
    assert open_part(again, known) is None


def test_the_answer_to_a_conflict_outweighs_the_votes_and_can_be_undone():
    votes = [Answer("a", 0, 1, S), Answer("b", 0, 1, S), Answer("c", 1, 2, S), Answer("d", 0, 2, D)]
    known = LabelMemory(8, answers=votes)
    assert known.conflicts()
    known.add(Answer("e", 0, 1, D, kind=Kind.CONFLICT))
    assert known.conflicts() == []
    assert known.verdict(0, 1) is D
    known.add(Answer("undo", 0, 0, S, retracts="e"))
    assert known.conflicts()


def test_the_oracle_answers_a_page_and_says_what_is_odd():
    truth = np.array([0, 0, 0, 1, 1, 2, 0, 0])
    (answer,) = Oracle(truth)([page()])
    assert [tile.verdict for tile in answer.tiles] == [S, D, S]
    assert answer.tiles[1].odd == (5,)
    assert answer.seconds == pytest.approx(4 + 0.7 * 3)


def test_the_oracle_errs_and_doubts_tile_by_tile():
    truth = np.zeros(8, np.int64)
    tiles = tuple(Tile((row,), ticked=True) for row in range(1, 8))
    pages = [dataclasses.replace(page(tiles), id=f"q{i}") for i in range(600)]
    said = [tile.verdict for answer in Oracle(truth, 1, error=0.1, unsure=0.2)(pages) for tile in answer.tiles]
    assert said.count(U) / len(said) == pytest.approx(0.2, abs=0.03)
    assert said.count(D) / (len(said) - said.count(U)) == pytest.approx(0.1, abs=0.02)


def test_the_oracle_names_the_wrong_pair_of_a_conflict():
    truth = np.array([0, 0, 1])
    question = Question("q", 0, 2, (0,), (2,), Reason.CONFLICT, 0.0, 0, kind=Kind.CONFLICT)
    question = dataclasses.replace(question, disputed=((0, 2, D), (0, 1, S), (1, 2, S)))
    (answer,) = Oracle(truth)([question])
    assert (answer.left, answer.right, answer.verdict, answer.kind) == (1, 2, D, Kind.CONFLICT)


def test_verdicts_on_rows_that_the_page_does_not_show_are_refused():
    with pytest.raises(AnswerError, match="got some on rows \\[7\\]"):
        answer_page(page(), {7: S}, id_="a")
    with pytest.raises(AnswerError, match="odd rows"):
        answer_page(page(), {1: S}, id_="a", odd={1: (7,)})
    with pytest.raises(AnswerError, match="got none"):
        answer_page(page(), {}, id_="a")


# -- bad anchors, conflicts ------------------------------------------------------------------------


def test_a_bad_anchor_says_nothing_of_its_tiles_and_costs_one_toggle():
    answer = answer_page(page(), {6: Verdict.BAD_IMAGE}, id_="a", bad_anchor=True)
    assert (answer.verdict, answer.bad_rows, answer.right) == (Verdict.BAD_IMAGE, (0, 6), 6)
    alone = answer_page(page(), {}, id_="a", bad_anchor=True)
    assert (alone.links, alone.bad_rows, cost_of(alone).actions) == ((), (0,), 2)
    assert Answer.from_json(json.loads(json.dumps(alone.to_json()))) == alone
    memory = LabelMemory(10, answers=[alone])
    assert open_part(page(), memory) is None
    assert memory.excluded_rows().tolist() == [0]


@pytest.mark.parametrize(("said", "odd"), [({1: S}, {}), ({1: D}, {}), ({3: U}, {3: (4,)})])
def test_nothing_is_compared_with_a_bad_anchor(said: dict[int, Verdict], odd: dict[int, tuple[int, ...]]):
    with pytest.raises(AnswerError, match="anchor is a bad image"):
        answer_page(page(), said, id_="a", odd=odd, bad_anchor=True)


def test_an_odd_row_is_named_once():
    with pytest.raises(AnswerError, match="each once"):
        answer_page(page(), {3: S}, id_="a", odd={3: (4, 4)})


def say(*links: tuple[int, int, Verdict]) -> list[Answer]:
    return [Answer(f"s{i}", left, right, verdict) for i, (left, right, verdict) in enumerate(links)]


def wrong(*disputed: tuple[int, int, Verdict]) -> Question:
    left, right, _ = disputed[0]
    id_ = conflict_id(1, disputed)
    return Question(id_, left, right, (left,), (right,), Reason.CONFLICT, 0.5, 1, kind=Kind.CONFLICT, disputed=disputed)


CYCLE = ((0, 2, D), (0, 1, S), (1, 2, S))


def test_a_conflict_is_open_as_long_as_its_answers_stand():
    memory = LabelMemory(10, answers=say((0, 1, S), (1, 2, S), (0, 2, D)))
    assert open_part(wrong(*CYCLE), memory) is not None
    memory.add(Answer("undo", 0, 1, S, retracts="s0"))
    assert open_part(wrong(*CYCLE), memory) is None


def test_the_first_answer_that_settles_a_group_ends_its_other_conflicts():
    memory = LabelMemory(10, answers=say((0, 1, S), (1, 2, S), (0, 2, D), (2, 3, S), (0, 3, D)))
    one, two = wrong(*CYCLE), wrong((0, 3, D), (0, 1, S), (1, 2, S), (2, 3, S))
    assert [open_part(question, memory) for question in (one, two)] == [one, two]
    memory.add(Answer("c", 0, 1, D, question=one.id, kind=Kind.CONFLICT))
    assert memory.conflicts() == []
    assert [open_part(question, memory) for question in (one, two)] == [None, None]


def test_a_conflict_about_a_bad_image_is_not_asked():
    memory = LabelMemory(10, answers=say((0, 1, S), (1, 2, S), (0, 2, D)))
    memory.add(Answer("b", 1, 5, Verdict.BAD_IMAGE, bad_rows=(1,)))
    assert open_part(wrong(*CYCLE), memory) is None


def test_a_pair_of_a_contradiction_is_open_while_its_group_is_in_conflict():
    memory = LabelMemory(10, answers=say((0, 1, S), (1, 2, S), (0, 2, D)))
    again = dataclasses.replace(wrong((0, 1, S)), kind=Kind.PAIR, disputed=())
    assert open_part(again, memory) is again
    memory.add(Answer("d", 1, 2, D))  # a tie of its own: the cycle is open
    assert open_part(again, memory) is None
    tied = dataclasses.replace(wrong((1, 2, S)), kind=Kind.PAIR, disputed=())
    assert open_part(tied, memory) is tied
