"""What happens to a question between its proposal and its answer: what of it is still open, how it is answered."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ucal.errors import AnswerError
from ucal.memory import LabelMemory
from ucal.types import Answer, Kind, Question, Reason, Tile, TileAnswer, Verdict


def open_part(question: Question, memory: LabelMemory) -> Question | None:
    """Give what of a question is not decided yet: the question, a page with fewer tiles, or None.

    A page loses the tiles whose verdict follows by now, and keeps its id; a page that somebody
    answered is over as a whole. A second look is open until it is answered; a conflict, as long as
    what people said still contradicts itself.
    """
    if memory.answered(question.id):
        return None
    if question.reason is Reason.SECOND_LOOK:
        return question
    if question.reason is Reason.CONFLICT:
        return question if _stands(question, memory) else None
    if question.kind is not Kind.PAGE:
        return None if memory.decided(question.left, question.right) else question
    tiles = tuple(tile for tile in question.tiles if not memory.decided(question.left, tile.rows[0]))
    if not tiles:
        return None
    return question if len(tiles) == len(question.tiles) else shortened(question, tiles)


def _stands(question: Question, memory: LabelMemory) -> bool:
    """Say whether a contradiction is still there and none of its images was called bad."""
    links = question.disputed or ((question.left, question.right, None),)
    if any(memory.is_bad(row) for left, right, _ in links for row in (left, right)):
        return False
    if question.disputed:
        return all(memory.voted(left, right) is verdict for left, right, verdict in question.disputed)
    return memory.contested(question.left, question.right)


def shortened(page: Question, tiles: tuple[Tile, ...]) -> Question:
    """Give the page with these of its tiles; the right side repeats the first, the gain shrinks in proportion."""
    first = tiles[0]
    return dataclasses.replace(
        page,
        tiles=tiles,
        right=first.rows[0],
        right_rows=first.rows,
        right_size=first.size,
        gain=page.gain * len(tiles) / len(page.tiles),
    )


def answer_page(  # noqa: PLR0913 - the parts of an answer
    page: Question,
    verdicts: Mapping[int, Verdict],
    *,
    id_: str,
    odd: Mapping[int, tuple[int, ...]] | None = None,
    bad_anchor: bool = False,
    person: str = "",
    seconds: float = 0.0,
    at: str = "",
) -> Answer:
    """Make the one answer of a page (or of a card that carries its tile).

    verdicts: medoid of a tile -> its verdict. A tile that is not in `verdicts` was not on the
    screen any more (it followed from other answers) and is left out. odd: medoid -> its tile's
    shown rows that are another identity than the medoid. Bad images are the medoids called so, and
    with `bad_anchor` the anchor: then nothing can be compared with it, and no tile needs a verdict.

    Raises:
        AnswerError: a verdict on a row that is no tile of the page, or an odd row that the tile
            does not show; no tile is judged at all; or a tile is compared with a bad anchor.
    """
    shown = {tile.rows[0]: tile for tile in page.tiles}
    strange = sorted((set(verdicts) | set(odd or {})) - set(shown))
    if strange:
        raise AnswerError(f"expected verdicts on the page's tiles {sorted(shown)}, got some on rows {strange}")
    judged = [_judged(shown[row], verdicts[row], (odd or {}).get(row, ())) for row in shown if row in verdicts]
    if bad_anchor and any(tile.verdict in (Verdict.SAME, Verdict.DIFFERENT) or tile.odd for tile in judged):
        raise AnswerError("the anchor is a bad image: expected no tile to be compared with it, but some are")
    if not judged and not bad_anchor:
        raise AnswerError("expected a verdict on at least one tile of the page, got none")
    bad = {tile.row for tile in judged if tile.verdict is Verdict.BAD_IMAGE} | ({page.left} if bad_anchor else set())
    return Answer(
        id=id_,
        left=page.left,
        right=judged[0].row if judged else page.right,
        verdict=Verdict.BAD_IMAGE if bad_anchor else judged[0].verdict,
        question=page.id,
        person=person,
        round=page.round,
        seconds=seconds,
        at=at,
        bad_rows=tuple(sorted(bad)),
        kind=page.kind,
        tiles=tuple(judged),
    )


def _judged(tile: Tile, verdict: Verdict, odd: tuple[int, ...]) -> TileAnswer:
    if len(set(odd)) != len(odd):
        raise AnswerError(f"odd rows: expected each once, got {list(odd)}")
    hidden = sorted(set(odd) - set(tile.rows[1:]))
    if hidden:
        raise AnswerError(f"odd rows: expected some of the tile's other rows {list(tile.rows[1:])}, got {hidden}")
    return TileAnswer(tile.rows[0], verdict, tuple(odd), tile.ticked, tile.p, tile.signals)
