"""What a person sent as an answer, as an event of the core; refused where it does not fit its question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from backend.answer_schemas import AnswerNew
from backend.errors import InvalidError
from backend.store import images
from backend.store.models import Question, Run
from backend.store.shapes import core_question
from ucal import types as core
from ucal.asking import answer_page
from ucal.errors import AnswerError
from ucal.types import Answer, Kind, Verdict

_NEEDS = {
    Kind.PAIR: ("verdict", "bad_sides"),
    Kind.CARD: ("verdict", "bad_sides", "odd"),
    Kind.PAGE: ("tiles", "bad_sides"),
    Kind.CONFLICT: ("wrong", "verdict", "bad_images"),
}
_SAYS = ("verdict", "bad_sides", "odd", "tiles", "wrong", "bad_images")


def event_of(session: Session, run: Run, row: Question, body: AnswerNew, now: datetime) -> Answer:
    """Make the event that a body means, without its person.

    Raises:
        InvalidError: a field that this kind of question does not take, or lacks; an image it does not show.
    """
    question = core_question(row, whole=True)
    strange = [name for name in _SAYS if name not in _NEEDS[question.kind] and getattr(body, name) not in (None, [])]
    if strange:
        shown = "pair" if question.kind is Kind.CARD else question.kind.value
        raise InvalidError(
            f"{strange[0]}: expected none for a question of kind {shown}, got {getattr(body, strange[0])!r}"
        )
    rows = _rows(session, run, question)
    event = _MAKERS[question.kind](question, body, rows)
    return replace(
        event, question=row.id, round=row.round, seconds=body.seconds, at=now.isoformat(), kind=question.kind
    )


def _rows(session: Session, run: Run, question: core.Question) -> dict[str, int]:
    """Name the rows of all images that the question may show by their ids."""
    if question.kind is Kind.PAIR:
        return {}
    shown = {row for tile in question.tiles for row in tile.rows}
    shown |= {row for left, right, _ in question.disputed for row in (left, right)}
    return {image.id: row for row, image in images.by_rows(session, run.project_id, shown).items()}


def _pair(question: core.Question, body: AnswerNew, rows: Mapping[str, int]) -> Answer:
    verdict = _verdict(body)
    sides = {"left": question.left, "right": question.right}
    bad = tuple(sorted({sides[side] for side in body.bad_sides}))
    if not question.tiles:
        if body.odd:
            raise InvalidError(f"odd: expected none, the right side is no group to look into, got {body.odd}")
        return Answer(body.id, question.left, question.right, verdict, bad_rows=bad)
    medoid = question.tiles[0].rows[0]
    said = {medoid: verdict} if "right" in body.bad_sides or not bad else {}
    odd = {medoid: _known(body.odd, rows, "odd")} if body.odd else {}
    return _checked(question, body, said, odd)


def _verdict(body: AnswerNew) -> Verdict:
    if body.verdict is None:
        raise InvalidError("verdict: expected same, different, unsure or bad_image, got none")
    is_bad = body.verdict == "bad_image"
    if is_bad and not body.bad_sides:
        raise InvalidError("bad_sides: expected which image is bad (left, right or both), got none")
    if body.bad_sides and not is_bad:
        raise InvalidError(f"bad_sides: expected none with the verdict {body.verdict!r}, got {body.bad_sides}")
    return Verdict(body.verdict)


def _page(question: core.Question, body: AnswerNew, rows: Mapping[str, int]) -> Answer:
    if "right" in body.bad_sides:
        raise InvalidError(
            "bad_sides: expected left (the anchor) or none for a page; a bad tile has the verdict bad_image"
        )
    named = _known([tile.image for tile in body.tiles], rows, "tiles")
    if len(set(named)) != len(named):
        raise InvalidError("tiles: expected each tile once, some come twice")
    said = {row: Verdict(tile.verdict) for row, tile in zip(named, body.tiles, strict=True)}
    odd = {row: _known(tile.odd, rows, "odd") for row, tile in zip(named, body.tiles, strict=True) if tile.odd}
    return _checked(question, body, said, odd)


def _checked(
    question: core.Question, body: AnswerNew, said: Mapping[int, Verdict], odd: Mapping[int, tuple[int, ...]]
) -> Answer:
    try:
        return answer_page(question, said, id_=body.id, odd=odd, bad_anchor="left" in body.bad_sides)
    except AnswerError as error:
        raise InvalidError(str(error)) from error


def _conflict(question: core.Question, body: AnswerNew, rows: Mapping[str, int]) -> Answer:
    given = [body.wrong is not None, body.verdict is not None]
    if sum(given) != 1 or body.verdict in ("same", "different"):
        raise InvalidError("expected `wrong` (which of the disputed is wrong), or the verdict unsure or bad_image")
    if (body.verdict == "bad_image") != bool(body.bad_images):
        raise InvalidError("bad_images: expected the bad images with the verdict bad_image, and none without")
    if body.verdict is not None:
        bad = tuple(sorted(set(_known(body.bad_images, rows, "bad_images"))))
        return Answer(body.id, question.left, question.right, Verdict(body.verdict), bad_rows=bad)
    if body.wrong is None or body.wrong >= len(question.disputed):
        raise InvalidError(f"wrong: expected 0 to {len(question.disputed) - 1}, got {body.wrong}")
    left, right, verdict = question.disputed[body.wrong]
    return Answer(body.id, left, right, Verdict.DIFFERENT if verdict is Verdict.SAME else Verdict.SAME)


def _known(ids: list[str], rows: Mapping[str, int], where: str) -> tuple[int, ...]:
    for id_ in ids:
        if id_ not in rows:
            raise InvalidError(f"{where}: expected images of this question, got {id_!r}")
    return tuple(rows[id_] for id_ in ids)


_MAKERS = {Kind.PAIR: _pair, Kind.CARD: _pair, Kind.PAGE: _page, Kind.CONFLICT: _conflict}
