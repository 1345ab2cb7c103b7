"""UCAL's Eq. 7."""

from __future__ import annotations

import pytest

from ucal.costs import cost_percent


def test_the_cost_of_a_hand_example() -> None:
    # 4 images have 6 pairs: 3 answers are half of them
    assert cost_percent(3, 4) == 50.0
    assert cost_percent(0, 4) == 0.0
    assert cost_percent(6, 4) == 100.0


def test_the_papers_costs_are_so_many_answers() -> None:
    assert cost_percent(62_748, 12_936) == pytest.approx(0.075, abs=1e-6)  # Table 2, Market-1501
    assert cost_percent(175_576, 32_621) == pytest.approx(0.033, abs=1e-6)  # MSMT17


@pytest.mark.parametrize("n", [0, 1])
def test_without_a_pair_there_is_no_cost(n: int) -> None:
    assert cost_percent(0, n) == 0.0
