"""What answering costs a person: actions (key presses or clicks) and seconds, estimated by kind.

An action is one key press or click. Two estimates of the seconds: `seconds`, and `strict`, which
charges a page for every tile on it.

kind      actions       seconds              strict
pair      1             2.5                  2.5
card      1             3                    3
conflict  1             3                    3
page      1 + toggles   4 + .7 x toggles     2 + .3 x tiles + .7 x toggles
split     1 + chosen    4 + .7 x chosen      the same (chosen: the rows that leave)
unmerge   1             4                    4
lock      1             4                    4
name      none: it judges nothing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ucal.types import EDITS, Answer, Kind

PAIR_SECONDS = 2.5
CARD_SECONDS = 3.0
EDIT_SECONDS = 4.0
_SIMPLE = {Kind.PAIR: PAIR_SECONDS, Kind.CARD: CARD_SECONDS, Kind.CONFLICT: CARD_SECONDS}


@dataclass(frozen=True, slots=True)
class Cost:
    """Pairs judged (Eq. 7's M), actions, and the two estimates of the seconds."""

    answers: int = 0
    actions: int = 0
    seconds: float = 0.0
    strict: float = 0.0


def cost_percent(answers: int, n: int) -> float:
    """Give M / (n (n - 1) / 2) * 100, the share of all pairs of n images that people judged; 0 without a pair.

    Source: UCAL, Eq. 7; n counts all training images, M each vote of a person.
    """
    pairs = n * (n - 1) // 2
    return 100.0 * answers / pairs if pairs else 0.0


def cost_of(answer: Answer) -> Cost:
    """Give what one answer cost. A mixed tile's odd rows are judged pairs and toggles, one each."""
    if answer.kind is Kind.IMPORT:
        return Cost()
    if answer.kind in EDITS:
        return _cost_of_edit(answer)
    odd = sum(len(tile.odd) for tile in answer.tiles)
    if answer.kind is not Kind.PAGE:
        seconds = _SIMPLE[answer.kind]
        return Cost(1 + odd, 1 + odd, seconds + 0.7 * odd, seconds + 0.7 * odd)
    toggles = sum(tile.toggles for tile in answer.tiles) + (answer.left in answer.bad_rows)
    return page_cost(len(answer.tiles), toggles, odd)


def page_cost(tiles: int, toggles: int, odd: int = 0) -> Cost:
    """Give what a page of so many tiles costs; `odd` of the toggles name odd rows, each a judged pair."""
    return Cost(tiles + odd, 1 + toggles, 4.0 + 0.7 * toggles, 2.0 + 0.3 * tiles + 0.7 * toggles)


def _cost_of_edit(answer: Answer) -> Cost:
    if answer.kind is Kind.NAME:
        return Cost()
    chosen = len(answer.groups[0]) if answer.kind is Kind.SPLIT else 0
    seconds = EDIT_SECONDS + 0.7 * chosen
    return Cost(answer.judged, 1 + chosen, seconds, seconds)


def total_cost(answers: Iterable[Answer]) -> Cost:
    """Give what these answers cost together."""
    costs = [cost_of(answer) for answer in answers]
    return Cost(
        sum(cost.answers for cost in costs),
        sum(cost.actions for cost in costs),
        sum(cost.seconds for cost in costs),
        sum(cost.strict for cost in costs),
    )
