"""Links that the data bring with them: rows of one tracklet are the same, rows of one frame are different.

They enter the label memory beside the answers, made by nobody: they cost nothing, count as no answer,
and where people say otherwise, people are right (`LabelMemory`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from ucal.types import Answer, Image, Kind, Verdict

PERSON = "import"


FORMATS = ("manifest", "pattern")  # layouts whose tracklets and frames mean what the functions here take them for


def imported_links(images: Sequence[Image]) -> tuple[Answer, ...]:
    """Give the links that a manifest's tracklets and frames say, as answers of kind `import`.

    Rows of one camera with the same `tracklet` are one identity (each linked with the one before);
    rows of one camera with the same `frame` and not in one tracklet are different identities. A row
    without the field says nothing. A collection's own file names do not qualify: a "sequence" of
    Market-1501 holds many people.
    """
    tracks: dict[tuple[int | None, str], list[int]] = {}
    frames: dict[tuple[int | None, str], list[int]] = {}
    for row, image in enumerate(images):
        if image.tracklet is not None:
            tracks.setdefault((image.camera, image.tracklet), []).append(row)
        if image.frame is not None:
            frames.setdefault((image.camera, image.frame), []).append(row)
    links = [(a, b, Verdict.SAME) for rows in tracks.values() for a, b in pairwise(rows)]
    for rows in frames.values():
        links += [(a, b, Verdict.DIFFERENT) for a, b in combinations(rows, 2) if not _one(images, a, b)]
    return tuple(
        Answer(f"{PERSON}-{a}-{b}-{verdict}", a, b, verdict, person=PERSON, kind=Kind.IMPORT) for a, b, verdict in links
    )


def _one(images: Sequence[Image], a: int, b: int) -> bool:
    return images[a].tracklet is not None and images[a].tracklet == images[b].tracklet
