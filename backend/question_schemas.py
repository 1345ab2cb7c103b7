"""What goes over the wire of questions: what is asked, leases, where the queue stands."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from backend.run_schemas import RunState
from backend.schemas import Body, ImageOut


class Side(BaseModel):
    images: list[ImageOut]  # the medoid first, then up to 4 exemplars
    size: int  # images in the whole group


class TileOut(BaseModel):
    """One thing to judge on a page: an image, or a group believed to be one identity."""

    images: list[ImageOut]  # the medoid first: it names the tile in an answer; then up to 3 that fit least
    size: int  # images in the whole group
    ticked: bool  # how it starts: the model believes "same as the anchor"


class DisputedOut(BaseModel):
    """One of the answers that cannot all be true."""

    left: ImageOut
    right: ImageOut
    verdict: Literal["same", "different"]  # what people said


class QuestionOut(BaseModel):
    """What to ask. `kind` says what is on the screen and which fields an answer needs (`AnswerNew`).

    pair      left against right
    page      an anchor (left) and 1 to 24 tiles; right repeats the first tile
    conflict  3 or more answers that cannot all be true: which one is wrong? left and right are the first one's
    """

    id: str
    kind: Literal["pair", "page", "conflict"]
    reason: str  # split | merge | conflict | control | calibrate | group | second_look
    round: int
    left: Side  # as stored; the page may swap sides of a pair and says so in `swapped`
    right: Side
    tiles: list[TileOut]  # of a page, else none
    disputed: list[DisputedOut]  # of a conflict, else none: a cycle, the "different" first
    can_be_mixed: bool = False  # of a pair: an answer's `odd` may name other images of the right side


class Lease(BaseModel):
    question: QuestionOut
    fence: int  # send it back with the answer
    expires_at: datetime


class LeaseNew(Body):
    count: int = Field(default=12, ge=1, le=50)
    held: list[str] = Field(default_factory=list, max_length=100)  # question ids the page already has


class Held(Body):
    question_ids: list[str] = Field(max_length=100)


class Release(Body):
    question_ids: list[str] = Field(max_length=100)
    later: bool = False  # to the end of the queue, so that others come first


class EmptyReason(StrEnum):
    """Why there is nothing to answer: an honest empty queue."""

    NOT_STARTED = "not_started"  # no run yet, or it has not asked anything yet
    WAITING_FOR_MODEL = "waiting_for_model"
    LEASED_TO_OTHERS = "leased_to_others"
    WAITING_FOR_VOTES = "waiting_for_votes"  # this person answered them all; others have to answer them too
    PAUSED = "paused"
    BUDGET_SPENT = "budget_spent"
    ALL_SETTLED = "all_settled"  # the run is done
    FAILED = "failed"
    CANCELLED = "cancelled"


class QueueProgress(BaseModel):
    """Where the round and the person stand; shown on the page after each answer."""

    round: int
    rounds: int
    answered_round: int  # questions of this round that are settled by answers
    open_round: int  # questions of this round still waiting (leased or not)
    settled_round: int  # questions of this round nobody had to answer: they follow from others
    answered_by_me: int  # questions: a page is one
    answered_total: int
    judged_total: int  # pairs of images that the answers judge: a page judges one a tile
    actions_total: int  # key presses or clicks that the answers took: a page 1 and one a change
    inferred_total: int


class Leases(BaseModel):
    leases: list[Lease]
    progress: QueueProgress
    empty: EmptyReason | None  # set when nobody holds anything for this person and nothing was leased
    empty_detail: str | None
    empty_count: int | None  # leased_to_others: open questions that others hold; waiting_for_votes: that want others
    empty_seconds: float | None  # waiting_for_model: expected wait, from the last round; None: not known yet
    run_state: RunState
    withdrawn: list[str]  # of `held`: those that are settled by now and should be dropped
