"""Questions and answers of the core as rows of the store, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from backend.store.models import Question
from ucal import types as core
from ucal.asking import shortened
from ucal.costs import cost_of
from ucal.types import Kind, Reason, Tile, TileAnswer, Verdict

# -- questions ---------------------------------------------------------------------------------


def question_values(question: core.Question) -> dict[str, Any]:
    """Give what a question asks as columns."""
    return {
        "id": question.id,
        "kind": question.kind.value,
        "reason": question.reason.value,
        "round": question.round,
        "left_row": question.left,
        "right_row": question.right,
        "left_rows": list(question.left_rows),
        "right_rows": list(question.right_rows),
        "left_size": question.left_size,
        "right_size": question.right_size,
        "similarity": question.similarity,
        "tiles": [tile_json(tile) for tile in question.tiles],
        "live": live_of(question.tiles),
        "disputed": [[left, right, verdict.value] for left, right, verdict in question.disputed],
        "gain": question.gain,
    }


def core_question(row: Question, *, whole: bool = False) -> core.Question:
    """Give the question that a row holds, with the tiles to show now; with `whole`, all it ever had."""
    question = core.Question(
        id=row.id,
        left=row.left_row,
        right=row.right_row,
        left_rows=tuple(row.left_rows),
        right_rows=tuple(row.right_rows),
        reason=Reason(row.reason),
        similarity=row.similarity,
        round=row.round,
        left_size=row.left_size,
        right_size=row.right_size,
        kind=Kind(row.kind),
        tiles=tuple(_tile(tile) for tile in row.tiles),
        disputed=tuple((left, right, Verdict(verdict)) for left, right, verdict in row.disputed),
        gain=row.gain,
    )
    if whole or not question.tiles:
        return question
    known = {tile.rows[0]: tile for tile in question.tiles}
    live = tuple(dataclasses.replace(known[row], rows=known[row].rows[:count]) for row, count in row.live)
    return shortened(question, live)


def renew(row: Question, question: core.Question) -> None:
    """Show the tiles that the question has now, in place; what the row had before stays known for late answers."""
    live = live_of(question.tiles)
    if row.live == live:
        return
    known = {tile["rows"][0]: tile for tile in row.tiles}
    for tile in question.tiles:
        before = known.get(tile.rows[0])
        if before is None or len(before["rows"]) < len(tile.rows):
            known[tile.rows[0]] = tile_json(tile)
    row.tiles, row.live = list(known.values()), live


def live_of(tiles: Sequence[Tile]) -> list[list[Any]]:
    """Name the tiles to show: [medoid, how many of its rows]."""
    return [[tile.rows[0], len(tile.rows)] for tile in tiles]


def tile_json(tile: Tile) -> dict[str, Any]:
    """Give a tile as JSON."""
    return dataclasses.asdict(tile) | {
        "rows": list(tile.rows),
        "role": tile.role.value,
        "signals": list(tile.signals),
    }


def _tile(data: dict[str, Any]) -> Tile:
    return Tile(
        rows=tuple(data["rows"]),
        ticked=data["ticked"],
        size=data["size"],
        p=data["p"],
        role=core.Role(data["role"]),
        signals=tuple(data["signals"]),
    )


# -- answers -----------------------------------------------------------------------------------


def answer_values(answer: core.Answer) -> dict[str, Any]:
    """Give what an answer says, and what it cost, as columns; an undo says nothing and costs nothing."""
    says = answer.to_json()
    undo = answer.retracts is not None
    return {
        "id": answer.id,
        "question_id": answer.question,
        "kind": answer.kind.value,
        "left_row": answer.left,
        "right_row": answer.right,
        "verdict": answer.verdict.value,
        "bad_rows": says["bad_rows"],
        "tiles": [] if undo else says["tiles"],
        "judged": answer.judged,
        "actions": 0 if undo else cost_of(answer).actions,
        "round": answer.round,
        "seconds": answer.seconds,
        "retracts": answer.retracts,
    }


def tile_answers(tiles: Sequence[dict[str, Any]]) -> tuple[TileAnswer, ...]:
    """Give what a row says of each tile."""
    return tuple(
        TileAnswer(
            row=tile["row"],
            verdict=Verdict(tile["verdict"]),
            odd=tuple(tile["odd"]),
            ticked=tile["ticked"],
            p=tile["p"],
            signals=tuple(tile["signals"]),
        )
        for tile in tiles
    )
