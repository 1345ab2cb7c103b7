"""Questions to practise on: held-out images whose identities are known, which no run ever asks about."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import NotFoundError
from backend.store import projects
from backend.store.models import Image, Person, Project

PAIRS = 8
SAME, OTHERS = 3, 5  # tiles of the page
WRONG = 1  # of each kind of tile: how many start on the wrong side, so that there is something to mend


@dataclass(frozen=True, slots=True)
class PairToTry:
    """Two images and what is true of them."""

    left: Image
    right: Image
    same: bool


@dataclass(frozen=True, slots=True)
class TileToTry:
    """A tile of one image, how it starts, and what is true of it."""

    image: Image
    ticked: bool
    same: bool


@dataclass(frozen=True, slots=True)
class Practice:
    """A round: pairs first, then one page."""

    project: Project
    pairs: tuple[PairToTry, ...]
    anchor: Image
    tiles: tuple[TileToTry, ...]


def make(session: Session, person: Person, project_id: str | None, seed: int) -> Practice:
    """Draw a practice round: the same seed and images give the same round.

    Without a project: from the newest that this person sees and that has what it takes.

    Raises:
        NotFoundError: no such project, or none with enough held-out images of known identities.
    """
    wanted = [projects.get(session, person, project_id)] if project_id else projects.visible(session, person)
    for project in wanted:
        groups = _identities(session, project.id)
        if groups is not None:
            return _drawn(project, groups, random.Random(seed))
    raise NotFoundError(
        "nothing to practise on: expected a project with query or gallery images of at least two known identities, "
        "one of them with two images or more; the generated data (the demo) has them"
    )


def _identities(session: Session, project_id: str) -> list[list[Image]] | None:
    """Give the held-out images by identity, those of several images first; None where a round cannot be made."""
    query = select(Image).where(Image.project_id == project_id, Image.split != "train", Image.identity > 0)
    groups: dict[int | None, list[Image]] = defaultdict(list)
    for image in session.scalars(query.order_by(Image.split, Image.row)):
        groups[image.identity].append(image)
    found = sorted(groups.values(), key=len, reverse=True)
    return found if len(found) >= 2 and len(found[0]) >= 2 else None


def _drawn(project: Project, groups: list[list[Image]], rng: random.Random) -> Practice:
    several = [group for group in groups if len(group) >= 2]
    pairs = [_pair(groups, several, same=i % 2 == 0, rng=rng) for i in range(PAIRS)]
    rng.shuffle(pairs)
    anchor, tiles = _page(groups, several, rng)
    return Practice(project, tuple(pairs), anchor, tiles)


def _pair(
    groups: Sequence[list[Image]], several: Sequence[list[Image]], *, same: bool, rng: random.Random
) -> PairToTry:
    if same:
        left, right = _apart(rng.choice(several), rng)
        return PairToTry(left, right, same=True)
    one, two = rng.sample(list(groups), 2)
    return PairToTry(rng.choice(one), rng.choice(two), same=False)


def _apart(group: Sequence[Image], rng: random.Random) -> tuple[Image, Image]:
    """Give two images of one identity, by different cameras where there are two."""
    left = rng.choice(group)
    others = [image for image in group if image.id != left.id]
    elsewhere = [image for image in others if image.camera != left.camera]
    return left, rng.choice(elsewhere or others)


def _page(
    groups: Sequence[list[Image]], several: Sequence[list[Image]], rng: random.Random
) -> tuple[Image, tuple[TileToTry, ...]]:
    own = rng.choice(several)
    anchor, *rest = rng.sample(own, min(len(own), SAME + 1))
    strangers = [image for group in groups if group is not own for image in group]
    others = rng.sample(strangers, min(len(strangers), OTHERS))
    tiles = [TileToTry(image, ticked=i >= WRONG or len(rest) == 1, same=True) for i, image in enumerate(rest)]
    tiles += [TileToTry(image, ticked=i < WRONG, same=False) for i, image in enumerate(others)]
    rng.shuffle(tiles)
    return anchor, tuple(tiles)
