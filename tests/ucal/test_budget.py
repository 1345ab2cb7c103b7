"""What fits into a budget: pairs counted at their most, actions as the model expects them."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ucal.test_asking import TILES, page
from ucal.budget import UNLIMITED, Room, fitting, needed, room_left, taken_by
from ucal.config import RunConfig
from ucal.memory import LabelMemory
from ucal.types import Answer, Kind, Tile, Verdict

PAGE = page()


def answers(count: int, round_: int = 0) -> list[Answer]:
    return [Answer(f"{round_}-{i}", 0, i + 1, Verdict.SAME, round=round_) for i in range(count)]


def test_a_page_needs_a_pair_for_each_image_and_an_action_for_each_doubt():
    need = needed(PAGE)
    assert need.pairs == 2 + 3 + 1
    assert need.actions == pytest.approx(1 + 0.1 + 0.3 + 0.1)
    assert needed(dataclasses.replace(PAGE, kind=Kind.PAIR, tiles=())) == Room(1, 1)


@pytest.mark.parametrize(
    ("pairs", "rows"),
    [
        (6, [(1, 2), (3, 4, 5), (6,)]),
        (5, [(1, 2), (3, 4, 5)]),
        (4, [(1, 2), (3, 4)]),
        (3, [(1, 2), (3,)]),
        (1, [(1,)]),
    ],
)
def test_what_does_not_fit_is_cut_from_the_end(pairs: int, rows: list[tuple[int, ...]]):
    part = fitting(PAGE, Room(pairs))
    assert part is not None
    assert [tile.rows for tile in part.tiles] == rows
    assert (part.id, part.right_rows) == (PAGE.id, rows[0])


def test_nothing_fits_where_nothing_is_left():
    assert fitting(PAGE, Room(0)) is None
    assert fitting(PAGE, Room(UNLIMITED, 0.0)) is None


def test_a_page_is_cut_to_the_actions_it_is_expected_to_take():
    part = fitting(PAGE, Room(UNLIMITED, 1.2))
    assert part is not None
    assert part.tiles == TILES[:1]
    part = fitting(PAGE, Room(UNLIMITED, 0.5))  # a page takes one at least, whatever is left
    assert part is not None
    assert part.tiles == TILES[:1]


@given(
    st.lists(st.tuples(st.integers(1, 4), st.floats(0.003, 0.997)), min_size=1, max_size=24),
    st.integers(1, 100),
)
def test_what_fits_never_needs_more_pairs_than_there_are(sizes: list[tuple[int, float]], pairs: int):
    tiles = tuple(Tile(tuple(range(10 * i + 1, 10 * i + 1 + size)), p=p) for i, (size, p) in enumerate(sizes))
    part = fitting(page(tiles), Room(pairs))
    assert part is not None
    assert needed(part).pairs == min(pairs, needed(page(tiles)).pairs)


def test_the_room_is_what_the_tightest_budget_leaves():
    memory = LabelMemory(20, answers=[*answers(3), *answers(4, 1)])
    config = RunConfig(budget=10, budget_per_round=5, budget_actions=8)
    assert room_left(config, memory, 1) == Room(1, 1)
    assert room_left(config.replace(budget_per_round=None), memory, 1) == Room(3, 1)
    assert room_left(RunConfig(), memory, 1) == Room()
    assert room_left(config.replace(budget_actions=7), memory, 1).is_none


def test_an_answer_takes_its_pairs_and_its_actions_and_an_undo_nothing():
    from tests.ucal.test_asking import judged

    assert taken_by(judged()) == Room(4, 4)
    assert taken_by(Answer("u", 0, 1, Verdict.SAME, retracts="a")).pairs == 0
