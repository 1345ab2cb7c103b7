"""Images by opaque id, and by row."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import NotFoundError
from backend.store import projects
from backend.store.models import Image, Person, Project
from ucal import types as core

_CHUNK = 500  # ids a statement: below every database's limit of parameters


def core_image(row: Image) -> core.Image:
    """Give the image that a row holds."""
    return core.Image(row.key, row.path, row.identity, row.camera, row.tracklet, row.frame, row.time)


def get(session: Session, person: Person, image_id: str) -> Image:
    """Give an image.

    Raises:
        NotFoundError: there is none with this id, or this person does not see its project.
    """
    found = session.execute(
        select(Image, Project).join(Project, Project.id == Image.project_id).where(Image.id == image_id)
    ).one_or_none()
    if found is None or not projects.sees(session, person, found[1]):
        raise NotFoundError(f"no image {image_id!r}")
    image: Image = found[0]
    return image


def page(session: Session, project_id: str, split: str, offset: int, limit: int) -> Sequence[Image]:
    """Give some images of a split in the order of their rows."""
    query = select(Image).where(Image.project_id == project_id, Image.split == split)
    return session.scalars(query.order_by(Image.row).offset(offset).limit(limit)).all()


def by_rows(session: Session, project_id: str, rows: Collection[int]) -> dict[int, Image]:
    """Give training images by row."""
    query = select(Image).where(Image.project_id == project_id, Image.split == "train", Image.row.in_(set(rows)))
    return {image.row: image for image in session.scalars(query)}


def rows_by_id(session: Session, project_id: str, ids: Collection[str]) -> dict[str, int]:
    """Give the rows of training images by id; those of another project or split are left out."""
    found: dict[str, int] = {}
    chosen = sorted(set(ids))
    for start in range(0, len(chosen), _CHUNK):
        part = chosen[start : start + _CHUNK]
        query = select(Image.id, Image.row).where(
            Image.project_id == project_id, Image.split == "train", Image.id.in_(part)
        )
        found.update((id_, row) for id_, row in session.execute(query))
    return found
