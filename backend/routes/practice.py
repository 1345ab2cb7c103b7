"""A round to practise on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend import quality_schemas
from backend.deps import Db, SignedIn
from backend.store import practice
from backend.views import image_out

router = APIRouter(tags=["practice"])


@router.get("/practice")
def get_practice(
    session: Db,
    person: SignedIn,
    project: Annotated[str | None, Query(max_length=64)] = None,
    seed: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> quality_schemas.Practice:
    """Give questions with their truth, of held-out images that no run asks about; nothing is stored."""
    made = practice.make(session, person, project, seed)
    return quality_schemas.Practice(
        project_id=made.project.id,
        project_name=made.project.name,
        pairs=[
            quality_schemas.PracticePair(left=image_out(pair.left), right=image_out(pair.right), same=pair.same)
            for pair in made.pairs
        ],
        anchor=image_out(made.anchor),
        tiles=[
            quality_schemas.PracticeTile(image=image_out(tile.image), ticked=tile.ticked, same=tile.same)
            for tile in made.tiles
        ],
    )
