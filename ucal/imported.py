"""Links that the data bring with them: rows of one tracklet are the same, rows of one frame are different.

They enter the label memory beside the answers, made by nobody: they cost nothing, count as no answer,
and where people say otherwise, people are right (`LabelMemory`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

from ucal.errors import DataFormatError
from ucal.types import Answer, Image, Kind, Verdict

PERSON = "import"
MOST = 1_000_000
"""Links that a run takes: more come of a `frame` that is no moment of one camera, and would not fit in memory."""
TOO_MANY = (
    "The column frame makes too many links: every two images of one camera and frame are different identities. "
    "Runs leave the links of these data out."
)

FORMATS = ("manifest", "pattern")  # layouts whose tracklets and frames mean what the functions here take them for


def imported_links(images: Sequence[Image]) -> tuple[Answer, ...]:
    """Give the links that a manifest's tracklets and frames say, as answers of kind `import`.

    Rows of one camera with the same `tracklet` are one identity (each linked with the one before);
    rows of one camera with the same `frame` and not in one tracklet are different identities. A row
    without the field says nothing. A collection's own file names do not qualify: a "sequence" of
    Market-1501 holds many people.

    Raises:
        DataFormatError: more than MOST links.
    """
    if (count := count_links(images)) > MOST:
        raise DataFormatError(
            f"imported_links: expected at most {MOST} links, got {count} (is `frame` the moment of a shot?); "
            "set imported_links=false"
        )
    tracks, frames = _by_tracklet_and_frame(images)
    links = [(a, b, Verdict.SAME) for rows in tracks.values() for a, b in pairwise(rows)]
    for rows in frames.values():
        links += [(a, b, Verdict.DIFFERENT) for a, b in combinations(rows, 2) if not _one(images, a, b)]
    return tuple(
        Answer(f"{PERSON}-{a}-{b}-{verdict}", a, b, verdict, person=PERSON, kind=Kind.IMPORT) for a, b, verdict in links
    )


def count_links(images: Sequence[Image]) -> int:
    """Count what `imported_links` would give, without making it."""
    tracks, frames = _by_tracklet_and_frame(images)
    together = 0  # pairs of one frame that are in one tracklet
    for rows in frames.values():
        own = Counter(images[row].tracklet for row in rows)
        together += _pairs(count for tracklet, count in own.items() if tracklet is not None)
    return sum(len(rows) - 1 for rows in tracks.values()) + _pairs(map(len, frames.values())) - together


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


_Rows = dict[tuple[int | None, str], list[int]]


def _by_tracklet_and_frame(images: Sequence[Image]) -> tuple[_Rows, _Rows]:
    """Give the rows of each camera's tracklets, and those of its frames."""
    tracks: _Rows = {}
    frames: _Rows = {}
    for row, image in enumerate(images):
        if image.tracklet is not None:
            tracks.setdefault((image.camera, image.tracklet), []).append(row)
        if image.frame is not None:
            frames.setdefault((image.camera, image.frame), []).append(row)
    return tracks, frames


def _one(images: Sequence[Image], a: int, b: int) -> bool:
    return images[a].tracklet is not None and images[a].tracklet == images[b].tracklet
