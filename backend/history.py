"""An image's history: who said what of it, when, seeing what. Answers, edits, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.cluster_schemas import EventKind, EventOut
from backend.cluster_views import links_of
from backend.store import answers, edits, images, people
from backend.store.models import Answer, Edit, Image, Run
from backend.views import image_out
from ucal.types import Kind, Verdict

MOST = 500  # events


@dataclass(frozen=True, slots=True)
class _Found:
    """One event that touches the image, before names and pictures are put to it."""

    event: EventKind
    of: Answer | Edit
    verdict: str = ""
    other: int | None = None  # row


def of_image(session: Session, run: Run, row: int) -> list[EventOut]:
    """Give what happened to an image in a run, newest first, at most `MOST` events."""
    given = [event for answer in _answers(session, run, row) for event in _said(answer, row)]
    edited = [_Found(_kind(edit), edit) for edit in edits.newer(session, run.id, 0) if _touches(edit, row)]
    found = sorted([*given, *edited], key=lambda one: one.of.at, reverse=True)[:MOST]
    return _out(session, run, row, found)


def _answers(session: Session, run: Run, row: int) -> Iterator[Answer]:
    """Give the answers whose pair, tiles or bad images hold the row, each followed by its undo."""
    touches = or_(Answer.left_row == row, Answer.right_row == row, Answer.kind != Kind.PAIR)
    found = []
    for answer in session.scalars(select(Answer).where(Answer.run_id == run.id, Answer.retracts.is_(None), touches)):
        rows = {answer.left_row, answer.right_row, *answer.bad_rows, *_tile_rows(answer)}
        if row in rows:
            found.append(answer)
    undos = answers.undos(session, run.id, [answer.id for answer in found])
    for answer in found:
        yield answer
        if answer.id in undos:
            yield undos[answer.id]


def _tile_rows(answer: Answer) -> Iterator[int]:
    for tile in answer.tiles:
        yield int(tile["row"])
        yield from (int(other) for other in tile.get("odd", ()))


def _said(answer: Answer, row: int) -> Iterator[_Found]:
    """Give one event for each pair that the answer judges and that the image is in."""
    if answer.retracts is not None:
        yield _Found(EventKind.UNDO, answer)
        return
    said = False
    for left, right, verdict in links_of(answer):
        if row in (left, right):
            said = True
            word = Verdict.BAD_IMAGE if row in answer.bad_rows else verdict
            yield _Found(EventKind.ANSWER, answer, word, right if row == left else left)
    if not said:
        yield _Found(EventKind.ANSWER, answer, Verdict.BAD_IMAGE if row in answer.bad_rows else "")


def _kind(edit: Edit) -> EventKind:
    return EventKind.EDIT if edit.retracts is None else EventKind.UNDO


def _touches(edit: Edit, row: int) -> bool:
    return any(row in rows for rows in edit.groups)


def _out(session: Session, run: Run, row: int, found: Sequence[_Found]) -> list[EventOut]:
    who = people.names(session, {one.of.person_id for one in found})
    known = images.by_rows(session, run.project_id, {one.other for one in found if one.other is not None})
    seen = {id_ for one in found if isinstance(one.of, Answer) for id_ in one.of.shown}
    shown = {image.id: image for image in _images(session, run, seen)}
    undone = edits.undone_ids(session, run.id) | {one.of.retracts for one in found if one.of.retracts is not None}
    return [_event_out(one, who, known, shown, one.of.id in undone) for one in found]


def _images(session: Session, run: Run, ids: set[str]) -> Sequence[Image]:
    chosen = sorted(ids)
    found: list[Image] = []
    for start in range(0, len(chosen), 500):
        query = select(Image).where(Image.project_id == run.project_id, Image.id.in_(chosen[start : start + 500]))
        found.extend(session.scalars(query))
    return found


def _event_out(
    one: _Found, who: dict[str, str], known: dict[int, Image], shown: dict[str, Image], undone: bool
) -> EventOut:
    of = one.of
    common = EventOut(
        event=one.event,
        id=of.retracts or of.id,
        kind=of.kind,
        verdict=one.verdict,
        other=None if one.other is None else image_out(known[one.other]),
        person=who.get(of.person_id, of.person_id),
        at=of.at,
        round=of.round,
        seconds=0.0,
        undone=undone,
        counts=True,
        text="",
        sizes=[],
        shown=[],
    )
    if isinstance(of, Edit):
        return common.model_copy(update={"sizes": [len(rows) for rows in of.groups], "text": of.text})
    seen = [image_out(shown[id_]) for id_ in of.shown if id_ in shown]
    person = who.get(of.person_id) or of.source
    return common.model_copy(update={"seconds": of.seconds, "counts": of.counts, "shown": seen, "person": person})
