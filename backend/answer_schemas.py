"""What goes over the wire of answers: what people say, how it stands, what an undo reverses."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from backend.question_schemas import Lease, QuestionOut, QueueProgress
from backend.schemas import Body, ImageOut

Word = Literal["same", "different", "unsure", "bad_image"]


class TileJudged(Body):
    """What is said of one tile of a page."""

    image: str = Field(max_length=64)  # id of the tile's first image
    verdict: Word  # of that image: same as the anchor, or not; unsure and bad_image link nothing
    odd: list[str] = Field(default_factory=list, max_length=3)  # mixed: its other images that are not the first's


class AnswerNew(Body):
    """One answer. What it needs depends on the question's kind.

    pair      `verdict`; with bad_image `bad_sides`. Where the right side is a group, `odd` may name images of it
              that are another identity than its first.
    page      `tiles`: each tile that was on the screen. An anchor that is a bad image: `bad_sides` = ["left"],
              and then no tile is same or different (`tiles` may be empty).
    conflict  `wrong`: which of `disputed`, from 0; or `verdict` unsure; or `verdict` bad_image with `bad_images`
    """

    id: str = Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")  # made by the client
    question_id: str = Field(max_length=64)
    verdict: Word | None = None
    bad_sides: list[Literal["left", "right"]] = Field(default_factory=list, max_length=2)  # as stored, not as shown
    odd: list[str] = Field(default_factory=list, max_length=3)
    tiles: list[TileJudged] = Field(default_factory=list, max_length=24)
    wrong: int | None = Field(default=None, ge=0, le=10**6)
    bad_images: list[str] = Field(default_factory=list, max_length=100)
    fence: int | None = None
    seconds: float = Field(default=0.0, ge=0, le=86400)
    swapped: bool = False  # left and right were exchanged on the screen
    shown: list[str] = Field(default_factory=list, max_length=200)  # image ids that were on the screen


class AnswersWish(Body):
    """Which answers to list."""

    mine: bool = True
    limit: int = Field(default=20, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=10**9)
    standing: bool = False  # leave out those that were undone


class TileAnswerOut(BaseModel):
    image: ImageOut  # the tile's first image
    verdict: Word
    odd: list[str]  # ids of its other images that are not the first's identity
    ticked: bool  # how it was shown at first


class AnswerOut(BaseModel):
    id: str
    question_id: str
    kind: Literal["pair", "page", "conflict"]
    verdict: str  # of a page: its first tile's; of a conflict: what is true of the pair that was wrong
    person: str
    at: datetime
    undone: bool
    late: bool  # came after the lease expired; it counts all the same
    bad_sides: list[Literal["left", "right"]]  # as stored
    swapped: bool  # left and right were exchanged on the screen
    seconds: float
    actions: int  # key presses or clicks by the cost model: a page 1 and one a change
    left: ImageOut  # of a page: the anchor; of a conflict: of the pair that was called wrong
    right: ImageOut
    tiles: list[TileAnswerOut]  # of a page
    bad_images: list[str]  # ids of all images that it calls bad


class Answered(BaseModel):
    answer: AnswerOut
    progress: QueueProgress
    withdrawn: list[str]  # question ids this answer settled too
    changed: list[QuestionOut]  # pages this person holds that have fewer tiles by now: replace those not on the screen


class Reversal(BaseModel):
    """What taking an answer back reverses."""

    parts: list[int]  # sizes of the groups of images that come apart (of a page maybe many); empty: none does
    later: int  # answers given after it on images of these groups: they may need a second look


class Undone(BaseModel):
    answer: AnswerOut
    reverses: Reversal
    lease: Lease | None  # that very question again, leased to this person
    progress: QueueProgress
