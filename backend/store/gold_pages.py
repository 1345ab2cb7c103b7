"""Pages of known truth that look like a given page: as many tiles, as large, ticked alike.

Each tile keeps the tick of the one it stands for. What is true of it is mostly what the tick says; of
some tiles it is not (FLIPPED, and at least one of a page of SEVERAL tiles), so that who confirms pages
without looking is wrong. The rows come from another page of the run, seen from one of its tiles: its
images are similar, so the check is as hard as pages are. Where no such page has known identities, some
are drawn. Around pairs that an admin marked, tiles of unknown truth fill the page; nobody looks at
what is said of these.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.store import truths
from backend.store.gold_pairs import Check, Seen
from backend.store.models import Question, Run
from backend.store.shapes import core_question
from ucal import types as core
from ucal.types import Kind, Tile

FLIPPED = 0.15  # share of tiles of which the tick is not true
SEVERAL = 6  # tiles from which at least one is so
_PAST = 12  # pages of the run that are looked at
_DRAWN = 8  # identities, where no page will do
_FILL = 3  # tiles of unknown truth for each of known truth, at most

Groups = dict[int, list[int]]
"""Rows by identity, in the order in which they are taken."""


def by_admin(session: Session, run: Run, seen: Seen, like: Question) -> Check | None:
    """Make a page around an image of marked pairs: what follows from the marks is known, other tiles fill it."""
    known = _told(session, run.project_id)
    free = [row for row in known if row not in seen.anchors]
    if not free:
        return None
    anchor = secrets.choice(free)
    tiles = [(row, True) for row in known[anchor][0]] + [(row, False) for row in known[anchor][1]]
    truths.DICE.shuffle(tiles)
    asked = core_question(like)
    tiles = tiles[: len(asked.tiles)]
    wished = min(len(asked.tiles) - len(tiles), _FILL * len(tiles))
    used = {anchor, *(row for row, _ in tiles)}
    fill = _strangers(session, run, like, used | set(known[anchor][0]) | set(known[anchor][1]))[:wished]
    shapes = truths.DICE.sample(list(asked.tiles), len(tiles) + len(fill))
    rows: list[tuple[int, bool | None]] = [*tiles, *((row, None) for row in fill)]
    truths.DICE.shuffle(rows)
    made = [_like(shape, [row]) for shape, (row, _) in zip(shapes, rows, strict=True)]
    truth = {row: same for row, same in rows if same is not None}
    return Check(_page(asked, [anchor], made), truth)


def by_pages(session: Session, run: Run, seen: Seen, like: Question) -> Check | None:
    """Look at another page of the run from one of its tiles, where the identities of its images are known."""
    for page in _others(session, run, like):
        names = truths.identities(session, run.project_id, _rows(page))
        groups: Groups = {}
        for row, identity in names.items():
            if row != page.left_row:  # or it would be the same page
                groups.setdefault(identity, []).append(row)
        made = _laid_out(groups, seen, core_question(like))
        if made is not None and 2 * len(made.question.tiles) >= len(like.live):
            return made
    return None


def by_identities(session: Session, run: Run, seen: Seen, like: Question) -> Check | None:
    """Draw the images of some known identities."""
    groups: Groups = {}
    for _ in range(_DRAWN):
        some = truths.rows_of_some(session, run.project_id, tuple(groups))
        if some is None:
            break
        groups[some[0]] = some[1]
    return _laid_out(groups, seen, core_question(like))


# -- putting it together -----------------------------------------------------------------------


def _laid_out(groups: Groups, seen: Seen, like: core.Question) -> Check | None:
    """Lay these rows out as the page does its own; None where no identity has two of them, or there is one identity."""
    groups = {identity: _shuffled(rows) for identity, rows in groups.items()}
    able = [one for one, rows in groups.items() if len(rows) > 1 and not seen.anchors.issuperset(rows)]
    if not able or len(groups) < 2:
        return None
    own = sorted(groups.pop(secrets.choice(able)), key=seen.anchors.__contains__)  # the first was no anchor yet
    side = min(len(like.left_rows), max(1, len(own) // 3))
    anchor, own = own[:side], own[side:]
    flipped = _flips(len(like.tiles))
    tiles, truth = [], {}
    for shape, flip in zip(like.tiles, flipped, strict=True):
        same = shape.ticked != flip
        rows = _take(own, shape) if same else _take_other(groups, shape)
        if rows:
            tiles.append(_like(shape, rows))
            truth[rows[0]] = same
    return Check(_page(like, anchor, tiles), truth) if tiles else None


def _flips(n: int) -> list[bool]:
    flips = [truths.DICE.random() < FLIPPED for _ in range(n)]
    if n >= SEVERAL and not any(flips):
        flips[secrets.randbelow(n)] = True
    return flips


def _take(rows: list[int], shape: Tile) -> list[int]:
    """Take up to as many rows as the tile has (in place)."""
    taken = rows[: len(shape.rows)]
    del rows[: len(taken)]
    return taken


def _take_other(groups: Groups, shape: Tile) -> list[int]:
    """Take them from some identity that has rows left."""
    left = [rows for rows in groups.values() if rows]
    return _take(secrets.choice(left), shape) if left else []


def _like(shape: Tile, rows: Sequence[int]) -> Tile:
    """Give the tile with these rows; where they are fewer, its group is no larger than they are."""
    size = shape.size if len(rows) == len(shape.rows) else len(rows)
    return dataclasses.replace(shape, rows=tuple(rows), size=size)


def _page(like: core.Question, anchor: Sequence[int], tiles: Sequence[Tile]) -> core.Question:
    return dataclasses.replace(
        like,
        id=core.page_id(like.round, anchor[0], [tile.rows[0] for tile in tiles]),
        left=anchor[0],
        left_rows=tuple(anchor),
        left_size=like.left_size if len(anchor) == len(like.left_rows) else len(anchor),
        right=tiles[0].rows[0],
        right_rows=tiles[0].rows,
        right_size=tiles[0].size,
        tiles=tuple(tiles),
    )


def _shuffled(rows: Sequence[int]) -> list[int]:
    return truths.DICE.sample(list(rows), len(rows))


# -- where rows come from ----------------------------------------------------------------------


def _others(session: Session, run: Run, like: Question) -> Iterator[Question]:
    """Give other pages of the run, from somewhere on."""
    asked = ("open", "answered", "settled", "closed")
    pages = (Question.run_id == run.id, Question.kind == Kind.PAGE.value, Question.state.in_(asked))
    total = session.scalar(select(func.count()).where(*pages).select_from(Question)) or 0
    query = select(Question).where(*pages, Question.id != like.id).order_by(Question.ordinal, Question.id)
    found = session.scalars(query.offset(secrets.randbelow(max(1, total))).limit(_PAST)).all()
    yield from found or session.scalars(query.limit(_PAST)).all()


def _rows(page: Question) -> list[int]:
    return list(dict.fromkeys([*page.left_rows, *(row for tile in page.tiles for row in tile["rows"])]))


def _strangers(session: Session, run: Run, like: Question, but: set[int]) -> list[int]:
    """Give rows to fill a page with: the first ones of another page's tiles."""
    for page in _others(session, run, like):
        rows = [tile["rows"][0] for tile in page.tiles if tile["rows"][0] not in but]
        if rows:
            return _shuffled(rows)
    return []


def _told(session: Session, project_id: str) -> Mapping[int, tuple[list[int], list[int]]]:
    """Give, of each row that marks tell something of, the rows that are the same by them, and those that are not.

    Marks of "same" join; two joined groups are different where one mark between them says so, unless
    the marks contradict each other there.
    """
    marks = truths.marked(session, project_id)
    group: dict[int, set[int]] = {}
    for one in marks:
        for row in (one.left_row, one.right_row):
            group.setdefault(row, {row})
        if one.same and group[one.left_row] is not group[one.right_row]:
            joined = group[one.left_row] | group[one.right_row]
            group.update(dict.fromkeys(joined, joined))
    apart: dict[int, set[int]] = {row: set() for row in group}
    for one in marks:
        if not one.same:
            for row in group[one.left_row]:
                apart[row] |= group[one.right_row]
            for row in group[one.right_row]:
                apart[row] |= group[one.left_row]
    return {
        row: (sorted(group[row] - {row}), sorted(apart[row]))
        for row in group
        if not apart[row].intersection(group[row])
    }
