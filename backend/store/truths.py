"""What is known to be true of a project's images: pairs that an admin marked, identities that the data tell."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import InvalidError
from backend.store import images
from backend.store.jobs import upsert
from backend.store.models import GoldPair, Image, Project

DICE = secrets.SystemRandom()  # nobody can foretell them


def mark(session: Session, project: Project, pair: tuple[int, int], same: bool) -> None:
    """Keep what an admin said of a pair of training rows; said again, it replaces the first.

    Raises:
        InvalidError: one image, or images that are not two of this project's training images.
    """
    rows = sorted(set(pair))
    if len(rows) != 2 or len(images.by_rows(session, project.id, rows)) != 2:
        raise InvalidError("expected two different training images of this project")
    row = upsert(session, GoldPair).values(project_id=project.id, left_row=rows[0], right_row=rows[1], same=same)
    keys = [GoldPair.project_id, GoldPair.left_row, GoldPair.right_row]
    session.execute(row.on_conflict_do_update(index_elements=keys, set_={"same": same}))


def marked(session: Session, project_id: str) -> Sequence[GoldPair]:
    """Give the pairs that admins marked."""
    query = select(GoldPair).where(GoldPair.project_id == project_id)
    return session.scalars(query.order_by(GoldPair.left_row, GoldPair.right_row)).all()


def unmark(session: Session, project_id: str, pair: tuple[int, int]) -> None:
    """Forget what an admin said of a pair."""
    found = session.get(GoldPair, (project_id, min(pair), max(pair)))
    if found is not None:
        session.delete(found)


def n_known(session: Session, project_id: str) -> int:
    """Count the training images whose identity the data tell."""
    query = select(func.count()).where(Image.project_id == project_id, Image.split == "train", Image.identity >= 0)
    return session.scalar(query.select_from(Image)) or 0


def identities(session: Session, project_id: str, rows: Collection[int]) -> dict[int, int]:
    """Give the identities of those of these rows whose identity the data tell."""
    found = images.by_rows(session, project_id, rows)
    return {row: one.identity for row, one in found.items() if one.identity is not None and one.identity >= 0}


def rows_of_some(session: Session, project_id: str, but: Collection[int] = ()) -> tuple[int, list[int]] | None:
    """Give some identity (none of `but`) and its training rows, in an order that nobody can foretell."""
    known = [Image.project_id == project_id, Image.split == "train", Image.identity >= 0]
    known += [Image.identity.not_in(but)] if but else []
    start = secrets.randbelow(max(1, session.get_one(Project, project_id).n_train))
    query = select(Image.identity).where(*known)
    identity = session.scalar(query.where(Image.row >= start).order_by(Image.row).limit(1))
    if identity is None:
        identity = session.scalar(query.order_by(Image.row).limit(1))
    if identity is None:
        return None
    rows = list(session.scalars(select(Image.row).where(*known, Image.identity == identity)))
    DICE.shuffle(rows)
    return identity, rows
