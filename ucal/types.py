"""Words of the domain, each defined once.

row      an image's fixed index in its data set; never changes in the life of a run
label    (n,) int64: the cluster of each row, `OUTLIER` (-1) = in no cluster
question two groups of rows shown side by side; its *pair* (left, right) is what an answer links
page     a question about many groups at once: an anchor and its *tiles*, each judged against the anchor
answer   what somebody said about a question; the append-only log of answers is the only truth
link     what an answer teaches of two rows: same, different, or neither
verdict  what one answer says of its pair
round    one pass of cluster -> ask -> train (the papers' epoch)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]

OUTLIER = -1


class Verdict(StrEnum):
    """What one answer says of its pair."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"  # decides nothing; the pair is not asked again
    BAD_IMAGE = "bad_image"  # `Answer.bad_rows` are taken out of asking and training


class Kind(StrEnum):
    """What is on the screen and what one answer says. `ucal.costs` has what each kind costs.

    pair      two groups, left and right: one verdict
    card      the same screen; the two are whole groups, judged as such (a page of one tile is a card)
    page      an anchor (left) and up to 24 tiles: a verdict for each tile
    conflict  pairs whose verdicts cannot all be true (`Question.disputed`): the person picks the one
              that is wrong, and the answer gives its pair the other verdict

    Nobody asks the rest: people say them of a cluster that they look at (`Answer.groups`, `EDITS`).
    split     the first group of rows does not belong to the second: every pair across is "different"
    unmerge   the same, said of the two sides of a merge that an answer made
    lock      the group is one identity, whole: nothing joins or leaves it, nobody is asked about it
    name      the cluster that holds row `left` is called `Answer.text`

    Nobody says this one: it comes with the data (`ucal.imported`), costs nothing and is no answer.
    import    a tracklet's or a frame's link
    """

    PAIR = "pair"
    CARD = "card"
    PAGE = "page"
    CONFLICT = "conflict"
    SPLIT = "split"
    UNMERGE = "unmerge"
    LOCK = "lock"
    NAME = "name"
    IMPORT = "import"


EDITS = frozenset({Kind.SPLIT, Kind.UNMERGE, Kind.LOCK, Kind.NAME})
"""What people do to clusters by themselves, without a question."""


class Reason(StrEnum):
    """Why a question is asked."""

    SPLIT = "split"  # SNPS: two groups inside one cluster
    MERGE = "merge"  # MPPS: two clusters that may be one
    CONFLICT = "conflict"  # answers that cannot all be true
    CONTROL = "control"  # a baseline's pick (random, similar)
    CALIBRATE = "calibrate"  # efficient: where does "same" end on the scale of similarity?
    GROUP = "group"  # efficient: groups that belong to the anchor, or do not
    SECOND_LOOK = "second_look"  # a surprising answer that much hangs on


class Step(StrEnum):
    """What a run does next. EMBED -> CLUSTER -> ASK (waves) -> TRAIN -> EVALUATE -> EMBED ... -> DONE."""

    EMBED = "embed"
    CLUSTER = "cluster"
    ASK = "ask"
    TRAIN = "train"
    EVALUATE = "evaluate"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a data set.

    `key` is unique in the data set and stable (the path relative to its root, POSIX slashes);
    images are sorted by key once and numbered: the number is the row. `identity`: None = unknown,
    -1 = known to be junk for evaluation, 0 = distractor (Market-1501's rules). `camera`: None =
    unknown. `frame` and `time` are the manifest's own text and seconds.
    """

    key: str
    path: str  # where to open it: a file, or `archive.zip::member`, or `array.npz::row`
    identity: int | None = None
    camera: int | None = None
    tracklet: str | None = None
    frame: str | None = None
    time: float | None = None


class Role(StrEnum):
    """Why a tile is on its page."""

    INSIDE = "inside"  # believed to be the anchor's
    OUTSIDE = "outside"  # a similar group of another cluster
    AUDIT = "audit"  # one row of the anchor's own group that nobody has looked at


@dataclass(frozen=True, slots=True)
class Tile:
    """One thing to judge on a page: a row or a small group believed to be one identity.

    rows     the medoid first: it is what the answer links to the anchor; then up to 3 rows that fit least
    ticked   how the tile starts: True = the model believes "same as the anchor"
    size     rows in its group (those not shown go with the medoid as far as the model believes)
    p        the model's P(same as the anchor)
    signals  what p was computed from; copied to the answer, so that the model can be fitted again
    """

    rows: tuple[int, ...]
    ticked: bool = False
    size: int = 1
    p: float = 0.5
    role: Role = Role.OUTSIDE
    signals: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Are these groups one identity? The pair (left, right) is the two medoids.

    A page has the anchor as its left side and its first tile as its right side (`right` is that
    tile's medoid), and all its tiles in `tiles`. A card of the efficient policy has its one tile in
    `tiles` too, so that its answer keeps what the model believed.
    """

    id: str
    left: int
    right: int
    left_rows: tuple[int, ...]  # left first, then up to 4 more exemplars of its group
    right_rows: tuple[int, ...]
    reason: Reason
    similarity: float  # cosine of the pair's features, for the log and blind after-display
    round: int
    left_size: int = 1  # rows in each group
    right_size: int = 1
    kind: Kind = Kind.PAIR
    tiles: tuple[Tile, ...] = ()  # of a page: 1 to 24; of a card: at most 1
    disputed: tuple[tuple[int, int, Verdict], ...] = ()  # of a conflict: (left, right, what the votes say)
    gain: float = 0.0  # expected pairs of images that its answer puts right; 0 = not known

    @property
    def pair(self) -> tuple[int, int]:
        """Give the pair in row order."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Give the pairs it asks about: (anchor, medoid) of every tile of a page, else its one pair."""
        if self.kind is Kind.PAGE:
            return tuple((self.left, tile.rows[0]) for tile in self.tiles)
        return ((self.left, self.right),)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Question:
        """Read what `dataclasses.asdict` and JSON made of a question."""
        fields = dict(data)
        fields["reason"] = Reason(fields["reason"])
        fields["kind"] = Kind(fields.get("kind", Kind.PAIR))
        fields["left_rows"] = tuple(fields["left_rows"])
        fields["right_rows"] = tuple(fields["right_rows"])
        fields["tiles"] = tuple(_tile(tile) for tile in fields.get("tiles", ()))
        fields["disputed"] = tuple((a, b, Verdict(verdict)) for a, b, verdict in fields.get("disputed", ()))
        return Question(**fields)


def _tile(data: dict[str, Any]) -> Tile:
    fields = dict(data)
    fields["rows"] = tuple(fields["rows"])
    fields["role"] = Role(fields["role"])
    fields["signals"] = tuple(fields["signals"])
    return Tile(**fields)


def question_id(round_: int, reason: Reason, left: int, right: int) -> str:
    """Name a question by what it asks: the same question of the same round has the same id."""
    low, high = min(left, right), max(left, right)
    text = f"{round_}:{reason.value}:{low}:{high}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def page_id(round_: int, anchor: int, medoids: Iterable[int]) -> str:
    """Name a page by what it asks: the same anchor and tiles of the same round have the same id."""
    text = f"{round_}:page:{anchor}:{','.join(map(str, sorted(medoids)))}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def conflict_id(round_: int, disputed: Iterable[tuple[int, int, Verdict]]) -> str:
    """Name the question which of these is wrong: the same pairs and verdicts of the same round have the same id."""
    text = f"{round_}:conflict:{','.join(f'{left}-{right}-{verdict.value}' for left, right, verdict in disputed)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class TileAnswer:
    """What an answer says of one tile: does its medoid show the anchor's identity?

    row      the tile's medoid
    verdict  SAME = ticked in the end, DIFFERENT = not ticked, UNSURE or BAD_IMAGE = skipped, links nothing
    odd      a *mixed* tile: those of its other shown rows that are not the medoid's identity. Each is
             linked "different" to the medoid, whatever the verdict on the medoid itself.
    ticked, p, signals  as they were shown (`Tile`)
    """

    row: int
    verdict: Verdict
    odd: tuple[int, ...] = ()
    ticked: bool = False
    p: float = 0.5
    signals: tuple[float, ...] = ()

    @property
    def toggles(self) -> int:
        """Count what the person pressed here: the tick if it was wrong (or unsure, or bad), and each odd row."""
        left_as_it_was = self.verdict is (Verdict.SAME if self.ticked else Verdict.DIFFERENT)
        return len(self.odd) + (not left_as_it_was)


Link = tuple[int, int, Verdict]
"""(one row, another row, what is said of them)"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One event of the append-only log.

    Undo is an event too: an answer with `retracts` set voids the answer with that id (and says
    nothing else). `order` is not stored: the log's own order is the order.

    A page is answered by ONE event: `tiles` has what is said of each tile, `left` is the anchor, and
    `right` and `verdict` repeat the first tile, so that a reader who knows pairs only reads something
    true. To undo it undoes all its links. `answer_page` makes such an answer. A card may carry its
    one tile, which then repeats `right` and `verdict`. An anchor that is a bad image stands in
    `bad_rows`; nothing is said of the tiles then, but for bad images among them (`tiles` may be empty).
    A conflict is answered by naming the wrong pair and what is true of it; that outweighs every
    answer of another kind about the pair. So does what a split or an unmerge says.
    An edit of a cluster (`EDITS`) has the rows it is about in `groups`, and `left`, `right` and
    `verdict` repeat its first pair (of a name, or a lock of one row: that row twice).
    """

    id: str  # made by the client; adding the same id twice is a no-op
    left: int
    right: int
    verdict: Verdict
    question: str = ""
    person: str = ""
    round: int = 0
    seconds: float = 0.0  # taken by the person
    at: str = ""  # ISO time, UTC
    bad_rows: tuple[int, ...] = ()  # for BAD_IMAGE: which of left / right
    retracts: str | None = None
    kind: Kind = Kind.PAIR
    tiles: tuple[TileAnswer, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()  # of an edit: (leaving, staying) or (the locked rows,)
    text: str = ""  # of a name

    @property
    def links(self) -> tuple[Link, ...]:
        """Give every pair that this answer judges, with its verdict; an undo judges none."""
        if self.retracts is not None:
            return ()
        if self.kind in EDITS:
            return self._edited()
        if self.kind is not Kind.PAGE:
            own: tuple[Link, ...] = ((self.left, self.right, self.verdict),)
        else:
            own = tuple((self.left, tile.row, tile.verdict) for tile in self.tiles)
        return own + tuple((tile.row, row, Verdict.DIFFERENT) for tile in self.tiles for row in tile.odd)

    @property
    def judged(self) -> int:
        """Count what the person judged (Eq. 7's M): pairs; of a split the rows that leave, of an unmerge one."""
        if self.kind is Kind.IMPORT:
            return 0
        if self.retracts is None and self.kind is Kind.SPLIT:
            return len(self.groups[0])
        return 1 if self.retracts is None and self.kind is Kind.UNMERGE else len(self.links)

    def _edited(self) -> tuple[Link, ...]:
        if self.kind is Kind.LOCK:
            first, *rest = self.groups[0]
            return tuple((first, row, Verdict.SAME) for row in rest)
        if self.kind is Kind.NAME:
            return ()
        leaving, staying = self.groups
        return tuple((a, b, Verdict.DIFFERENT) for a in leaving for b in staying)

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return asdict(self) | {
            "verdict": self.verdict.value,
            "bad_rows": list(self.bad_rows),
            "kind": self.kind.value,
            "tiles": [_tile_json(tile) for tile in self.tiles],
            "groups": [list(rows) for rows in self.groups],
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Answer:
        """Read what `to_json` wrote."""
        fields = dict(data)
        fields["verdict"] = Verdict(fields["verdict"])
        fields["bad_rows"] = tuple(int(row) for row in fields.get("bad_rows", ()))
        fields["kind"] = Kind(fields.get("kind", Kind.PAIR))
        fields["tiles"] = tuple(_tile_answer(tile) for tile in fields.get("tiles", ()))
        fields["groups"] = tuple(tuple(int(row) for row in rows) for rows in fields.get("groups", ()))
        return Answer(**fields)


def _tile_json(tile: TileAnswer) -> dict[str, Any]:
    return asdict(tile) | {"verdict": tile.verdict.value, "odd": list(tile.odd), "signals": list(tile.signals)}


def _tile_answer(data: dict[str, Any]) -> TileAnswer:
    fields = dict(data)
    fields["verdict"] = Verdict(fields["verdict"])
    fields["odd"] = tuple(int(row) for row in fields.get("odd", ()))
    fields["signals"] = tuple(float(signal) for signal in fields.get("signals", ()))
    return TileAnswer(**fields)
