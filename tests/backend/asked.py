"""Pages, cards and conflicts for tests of the server: twelve images, three of each identity, rows 0 to 11."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from backend.store import questions
from backend.store.models import Run
from tests.backend.world import World, question
from ucal import types as core
from ucal.types import Kind, Reason, Role, Tile, Verdict, conflict_id, page_id


def page(anchor: int, *tiles: Sequence[int], ticked: Sequence[int] = (), round_: int = 0) -> core.Question:
    """Make a page: each tile is its rows, the medoid first; `ticked` names medoids."""
    shown = tuple(
        Tile(tuple(rows), rows[0] in ticked, len(rows), 0.75 if rows[0] in ticked else 0.25, Role.OUTSIDE, (0.5, 1.0))
        for rows in tiles
    )
    return core.Question(
        id=page_id(round_, anchor, [tile.rows[0] for tile in shown]),
        left=anchor,
        right=shown[0].rows[0],
        left_rows=(anchor,),
        right_rows=shown[0].rows,
        reason=Reason.GROUP,
        similarity=0.5,
        round=round_,
        right_size=shown[0].size,
        kind=Kind.PAGE,
        tiles=shown,
        gain=3.0,
    )


def card(left: int, *right: int) -> core.Question:
    """Make a card: a page of one tile, which looks like a pair."""
    return dataclasses.replace(page(left, right), kind=Kind.CARD)


def conflict(*disputed: tuple[int, int, str], round_: int = 0) -> core.Question:
    """Make the question which of these is wrong."""
    links = tuple((left, right, Verdict(verdict)) for left, right, verdict in disputed)
    asked = question(links[0][0], links[0][1], round_)
    return dataclasses.replace(
        asked, id=conflict_id(round_, links), reason=Reason.CONFLICT, kind=Kind.CONFLICT, disputed=links
    )


def publish(world: World, run: Run, *asked: core.Question) -> list[str]:
    """Publish as the worker does."""
    with world.scope() as session:
        questions.publish(session, run.id, asked)
    return [one.id for one in asked]


class Screen:
    """One leased question of one person, named as the page names it: images by id."""

    def __init__(self, client: Any, run: Run, lease: dict[str, Any]) -> None:
        self.client, self.run = client, run
        self.question, self.fence = lease["question"], lease["fence"]

    @property
    def rows(self) -> list[list[int]]:
        """Give the rows of each tile."""
        return [[image["row"] for image in tile["images"]] for tile in self.question["tiles"]]

    def tiles(self, verdicts: dict[int, str], odd: dict[int, list[int]] | None = None) -> list[dict[str, Any]]:
        """Say something of tiles, named by the row of their first image."""
        said = []
        for tile in self.question["tiles"]:
            ids = {image["row"]: image["id"] for image in tile["images"]}
            first = tile["images"][0]["row"]
            if first in verdicts:
                named = [ids[row] for row in (odd or {}).get(first, [])]
                said.append({"image": ids[first], "verdict": verdicts[first], "odd": named})
        return said

    def body(self, id_: str = "answer-0001", **says: Any) -> dict[str, Any]:
        """Make the body of an answer."""
        return {"id": id_, "question_id": self.question["id"], "fence": self.fence, **says}

    def answer(self, id_: str = "answer-0001", **says: Any) -> Any:
        """Send an answer."""
        return self.client.api("POST", f"/runs/{self.run.id}/answers", self.body(id_, **says))

    def undo(self, id_: str = "answer-0001") -> dict[str, Any]:
        """Take an answer back."""
        said = self.client.api("POST", f"/runs/{self.run.id}/answers/{id_}/undo")
        assert said.status_code == 200, said.text
        found: dict[str, Any] = said.json()
        return found


def screens(client: Any, run: Run, count: int = 12) -> list[Screen]:
    """Lease questions."""
    said = client.api("POST", f"/runs/{run.id}/leases", {"count": count}).json()
    return [Screen(client, run, lease) for lease in said["leases"]]
