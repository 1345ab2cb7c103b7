"""Doubt: answers to look at twice, features that cannot do the job, and when no page is worth an action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from scipy import stats

from ucal.efficient.tiles import AUDIT, LOG_CLUSTER, LOG_TILE, N_SIGNALS
from ucal.memory import LabelMemory
from ucal.types import Answer, Kind, TileAnswer, Verdict

_FEWEST_PAGES, _FIRST_PAGES = 20, 60  # pages on which features are judged
_LEAST_SHARE = 0.25  # of those whose likeliest tile must be "same", or the features are called hopeless
_QUIET_PAGES = 40  # fewest pages in a row without a toggle that end the asking
_LARGE = 4  # rows on both sides from which an answer is looked at again by size
_SURPRISE, _HARM = 0.15, 2.0  # P(wrong), and P(wrong) x stake in pairs, from which an answer is looked at again


def likeliest(memory: LabelMemory) -> list[bool]:
    """Say, of the first 60 pages with a tile that is no audit, whether the likeliest such tile was "same"."""
    found: list[bool] = []
    for answer in memory.answers:
        tiles = [tile for tile in _judged(answer) if tile.signals[AUDIT] == 0]
        if tiles:
            found.append(max(tiles, key=lambda tile: tile.p).verdict is Verdict.SAME)
        if len(found) == _FIRST_PAGES:
            break
    return found


def hopeless(memory: LabelMemory) -> bool:
    """Say whether the features cannot tell identities apart.

    From the 20th page to the 60th: with 95 % confidence (Clopper-Pearson) fewer than a quarter of the
    tiles that looked most alike are the same identity.
    """
    found = likeliest(memory)
    return len(found) >= _FEWEST_PAGES and clopper_pearson(sum(found), len(found))[1] < _LEAST_SHARE


def quiet(memory: LabelMemory, plan: int) -> bool:
    """Say whether the last 40 pages (or cards) had nothing to put right: the best guess was what people said.

    Where the newest round has more, as many as it has, up to `plan`, the most that a plan may hold: a plan's pages
    come best first, and of a thousand the last 40 say nothing of the others.
    """
    pages = [answer for answer in memory.answers if answer.tiles]
    newest = sum(1 for page in pages if page.round == pages[-1].round)
    wanted = max(_QUIET_PAGES, min(newest, plan))
    return len(pages) >= wanted and not any(tile.toggles for page in pages[-wanted:] for tile in page.tiles)


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the exact two-sided interval of a share, count of n; (0, 1) where n is 0.

    Source: Clopper & Pearson 1934.
    """
    if n == 0:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2.0
    low = float(stats.beta.ppf(tail, count, n - count + 1)) if count > 0 else 0.0
    high = float(stats.beta.ppf(1.0 - tail, count + 1, n - count)) if count < n else 1.0
    return low, high


def doubtful(
    memory: LabelMemory, error: float, kind: Literal["surprise", "size"] = "surprise"
) -> Iterator[tuple[Answer, TileAnswer]]:
    """Yield the tiles to ask about again, in the log's order: those whose pair has one vote only.

    With q the model's probability of what was said and e the person's share of wrong answers, P(wrong)
    = e (1 - q) / (e (1 - q) + (1 - e) q); the stake is the pairs of rows that hang on it. A tile is
    looked at again when P(wrong) >= .15, or P(wrong) x stake >= 2. By `size` instead: when the tile and
    the cluster have 4 rows each, whatever the model believes.
    """
    if error <= 0.0:
        return
    votes = _votes(memory)
    for answer in memory.answers:
        for tile in _judged(answer):
            again = _is_large(tile) if kind == "size" else _is_doubtful(tile, error)
            if again and votes[_pair(answer.left, tile.row)] == 1:
                yield answer, tile


def _is_large(tile: TileAnswer) -> bool:
    least = np.log(_LARGE) - 1e-9
    return tile.signals[AUDIT] == 0 and tile.signals[LOG_TILE] >= least and tile.signals[LOG_CLUSTER] >= least


def _is_doubtful(tile: TileAnswer, error: float) -> bool:
    q = tile.p if tile.verdict is Verdict.SAME else 1.0 - tile.p
    wrong = error * (1 - q) / (error * (1 - q) + (1 - error) * q)
    size = 1.0 if tile.signals[AUDIT] > 0 else float(np.exp(tile.signals[LOG_TILE]))
    return wrong >= _SURPRISE or wrong * size * float(np.exp(tile.signals[LOG_CLUSTER])) >= _HARM


def _judged(answer: Answer) -> Sequence[TileAnswer]:
    """Give the tiles that were decided and carry what the model believed."""
    decided = (Verdict.SAME, Verdict.DIFFERENT)
    return [tile for tile in answer.tiles if tile.verdict in decided and len(tile.signals) == N_SIGNALS]


def _votes(memory: LabelMemory) -> dict[tuple[int, int], int]:
    votes: dict[tuple[int, int], int] = {}
    for answer in memory.answers:
        for left, right, verdict in answer.links:
            if verdict in (Verdict.SAME, Verdict.DIFFERENT):
                pair = _pair(left, right)
                votes[pair] = votes.get(pair, 0) + (2 if answer.kind is Kind.CONFLICT else 1)
    return votes


def _pair(left: int, right: int) -> tuple[int, int]:
    return (left, right) if left < right else (right, left)
