"""What the cluster browser sends and gets: clusters, the edits people make to them, an image's history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from backend.schemas import Body, ImageOut


class ClusterSort(StrEnum):
    """Which clusters, in what order."""

    SIZE = "size"  # two or more images, the largest first
    DOUBT = "doubt"  # those with a guess in them, the least fitting guess first
    ALONE = "alone"  # images in no cluster, and clusters of one
    NAMED = "named"
    LOCKED = "locked"


class ClustersWish(Body):
    """Which clusters to list."""

    sort: ClusterSort = ClusterSort.SIZE
    offset: int = Field(default=0, ge=0, le=10**9)
    limit: int = Field(default=48, ge=1, le=200)


class ClusterWish(Body):
    """Which images of an open cluster to list."""

    order: Literal["fit", "camera"] = "fit"
    offset: int = Field(default=0, ge=0, le=10**9)
    limit: int = Field(default=120, ge=1, le=200)


class CameraCount(BaseModel):
    camera: int | None  # None: not known
    images: int


class ClusterOut(BaseModel):
    """One cluster. Clusters have no numbers that last: an image says which one is meant."""

    image: ImageOut  # its best fitting image: names the cluster in requests
    size: int
    confirmed: int  # images in the largest group that people's answers made; 0: all is the model's guess
    lowest: float | None  # cosine with the cluster's mean of its least fitting guess; None: nothing is a guess
    cameras: list[CameraCount]
    names: list[str]  # by which people call images in it; two names: perhaps two identities
    named_by: list[str]  # ids of the images that carry them
    locked: bool
    in_conflict: bool  # answers on some of its images contradict each other
    shown: list[ImageOut]  # the image, then up to 4 that fit least


class ClusterTotals(BaseModel):
    images: int
    clusters: int  # of two or more images
    alone: int  # images in no cluster or by themselves
    confirmed: int  # images that answers tie to another one of their cluster
    named: int
    locked: int
    edits: int  # that stand
    round: int  # of the model that made the guesses


class ClusterPage(BaseModel):
    totals: ClusterTotals
    found: int  # clusters (or single images) of this sort
    clusters: list[ClusterOut]


class EditKind(StrEnum):
    """What people do to a cluster."""

    SPLIT = "split"
    UNMERGE = "unmerge"
    LOCK = "lock"
    NAME = "name"


class EditOut(BaseModel):
    id: str
    kind: EditKind
    person: str
    at: datetime
    round: int
    image: ImageOut
    sizes: list[int]  # split and unmerge: leaving, staying; lock: images; name: 1
    text: str
    undone: bool


class MemberOut(BaseModel):
    """One image of an open cluster."""

    image: ImageOut
    fit: float | None  # cosine with the cluster's mean; None: in no cluster
    group: int | None  # confirmed by people: 0 is the largest group, 1 the next; None: the model's guess
    name: str | None
    bad: bool
    in_conflict: bool


class ClusterOpen(BaseModel):
    cluster: ClusterOut
    edits: list[EditOut]  # that stand and touch it, newest first, at most 20
    version: str  # of what was seen; an edit sends it back
    groups: list[int]  # sizes of the confirmed groups
    members: list[MemberOut]


class MergeOut(BaseModel):
    """Two images that somebody called the same."""

    answer_id: str
    left: ImageOut
    right: ImageOut
    person: str
    at: datetime
    round: int
    size: int  # of the cluster they are in
    apart: bool  # they are in two clusters now: an edit, or other answers, say otherwise


class MergePage(BaseModel):
    merges: list[MergeOut]
    more: bool  # there are older ones


class Parting(BaseModel):
    """What an unmerge takes apart."""

    parts: list[int]  # sizes of the two groups; empty: other answers join them too


class EditNew(Body):
    """One edit; what it needs depends on `kind`.

    split    `images`: those that leave the cluster of `image`; `version`
    unmerge  `image` and `images` (one): the two that somebody called the same
    lock     the cluster of `image`; `version`
    name     `text` for the cluster of `image`; empty takes the name away
    """

    id: str = Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")  # made by the client; sent again it gives the first result
    kind: EditKind
    image: str = Field(max_length=64)
    images: list[str] = Field(default_factory=list, max_length=2000)
    text: str = Field(default="", max_length=120)
    version: str | None = Field(default=None, max_length=64)


class EventKind(StrEnum):
    """What happened to an image."""

    ANSWER = "answer"
    EDIT = "edit"
    UNDO = "undo"


class EventOut(BaseModel):
    """Who said what of an image, when, seeing what."""

    event: EventKind
    id: str  # of the answer or edit; of an undo: of what it takes back
    kind: str  # pair | card | page | conflict, or that of an edit
    verdict: str  # of an answer: what it says of this image and `other`; else empty
    other: ImageOut | None  # the image it was compared with
    person: str
    at: datetime
    round: int
    seconds: float
    undone: bool
    counts: bool  # False: one vote among several, or a check
    text: str
    sizes: list[int]
    shown: list[ImageOut]  # what was on the screen, where it was noted


class HistoryOut(BaseModel):
    image: ImageOut
    size: int  # of its cluster now
    events: list[EventOut]  # newest first
