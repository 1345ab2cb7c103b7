"""Questions and answers as what goes over the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy.orm import Session

from backend import answer_schemas, question_schemas
from backend.store import answers, images, people
from backend.store.leases import Held
from backend.store.models import Answer, Image, Question, Run
from backend.store.shapes import core_question, tile_answers
from backend.views import image_out
from ucal import types as core
from ucal.types import Kind, Verdict

Images = Mapping[int, Image]
Shown = Literal["pair", "page", "conflict"]


def leases_out(session: Session, run: Run, found: Sequence[Held]) -> list[question_schemas.Lease]:
    """Show leased questions with the facts of their images."""
    shown = questions_out(session, run, [held.question for held in found])
    return [
        question_schemas.Lease(question=question, fence=held.fence, expires_at=held.expires_at)
        for question, held in zip(shown, found, strict=True)
    ]


def questions_out(session: Session, run: Run, found: Sequence[Question]) -> list[question_schemas.QuestionOut]:
    """Show questions with the facts of their images; pages with the tiles they have now."""
    asked = [core_question(row) for row in found]
    known = images.by_rows(session, run.project_id, {row for question in asked for row in _rows(question)})
    return [_question(question, known) for question in asked]


def _rows(question: core.Question) -> set[int]:
    rows = {*question.left_rows, *question.right_rows}
    rows.update(row for tile in question.tiles for row in tile.rows)
    rows.update(row for left, right, _ in question.disputed for row in (left, right))
    return rows


def _question(question: core.Question, known: Images) -> question_schemas.QuestionOut:
    tiles = question.tiles if question.kind is Kind.PAGE else ()
    return question_schemas.QuestionOut(
        id=question.id,
        kind=_shown(question.kind.value),
        reason=question.reason.value,
        round=question.round,
        left=_side(question.left_rows, question.left_size, known),
        right=_side(question.right_rows, question.right_size, known),
        tiles=[
            question_schemas.TileOut(
                images=[image_out(known[row]) for row in tile.rows], size=tile.size, ticked=tile.ticked
            )
            for tile in tiles
        ],
        disputed=[
            question_schemas.DisputedOut(
                left=image_out(known[left]),
                right=image_out(known[right]),
                verdict="same" if verdict is Verdict.SAME else "different",
            )
            for left, right, verdict in question.disputed
        ],
        can_be_mixed=question.kind is Kind.CARD and any(len(tile.rows) > 1 for tile in question.tiles),
    )


def _shown(kind: str) -> Shown:
    """Say what is on the screen: a card of the efficient policy looks like any pair."""
    return "page" if kind == "page" else "conflict" if kind == "conflict" else "pair"


def _side(rows: Sequence[int], size: int, known: Images) -> question_schemas.Side:
    return question_schemas.Side(images=[image_out(known[row]) for row in rows], size=size)


def answers_out(session: Session, run: Run, found: Sequence[Answer]) -> list[answer_schemas.AnswerOut]:
    """Show answers with who gave them and what they say."""
    known = images.by_rows(session, run.project_id, {row for answer in found for row in _rows_of(answer)})
    undone = answers.undone_ids(session, run.id, [answer.id for answer in found])
    names = people.names(session, {answer.person_id for answer in found})
    return [
        answer_schemas.AnswerOut(
            id=answer.id,
            question_id=answer.question_id,
            kind=_shown(answer.kind),
            verdict=answer.verdict,
            person=names.get(answer.person_id) or answer.source,
            at=answer.at,
            undone=answer.id in undone,
            late=answer.late,
            bad_sides=_bad_sides(answer),
            swapped=answer.swapped,
            seconds=answer.seconds,
            actions=answer.actions,
            tiles=_tiles(answer, known),
            bad_images=[known[row].id for row in answer.bad_rows],
            left=image_out(known[answer.left_row]),
            right=image_out(known[answer.right_row]),
        )
        for answer in found
    ]


def _rows_of(answer: Answer) -> set[int]:
    rows = {answer.left_row, answer.right_row, *answer.bad_rows}
    rows.update(row for tile in answer.tiles for row in (tile["row"], *tile["odd"]))
    return rows


def _tiles(answer: Answer, known: Images) -> list[answer_schemas.TileAnswerOut]:
    return [
        answer_schemas.TileAnswerOut(
            image=image_out(known[tile.row]),
            verdict=tile.verdict.value,
            odd=[known[row].id for row in tile.odd],
            ticked=tile.ticked,
        )
        for tile in tile_answers(answer.tiles)
    ]


def _bad_sides(answer: Answer) -> list[Literal["left", "right"]]:
    """Name the bad sides; of a page only the anchor is a side."""
    sides: list[Literal["left", "right"]] = []
    if answer.left_row in answer.bad_rows:
        sides.append("left")
    if answer.right_row in answer.bad_rows and answer.kind != Kind.PAGE:
        sides.append("right")
    return sides
