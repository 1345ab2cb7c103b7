"""What goes over the wire of projects."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from backend.import_schemas import ImportReport
from backend.schemas import Body

SecondVotes = Literal["all", "large", "surprise"]  # which questions more than one person answers


class ProjectNew(Body):
    name: str = Field(min_length=1, max_length=120)
    description: str = Field(default="", max_length=2000)
    everyone: bool = False  # True: every signed-in person may see it; False: only its members and admins


class ProjectChange(Body):
    name: str | None = Field(default=None, min_length=1, max_length=120)
    description: str | None = Field(default=None, max_length=2000)
    everyone: bool | None = None
    votes: int | None = Field(default=None, ge=1, le=9)  # of questions asked from now on
    second_votes: SecondVotes | None = None
    gold_rate: float | None = Field(default=None, ge=0, le=0.5)
    imported_links: bool | None = None  # of runs made from now on


class Project(BaseModel):
    id: str
    name: str
    description: str
    created_at: datetime
    everyone: bool
    images: int  # training images (those that can be asked about)
    queries: int
    gallery: int
    identities: int | None  # None: no truth known
    cameras: int | None
    imported: ImportReport
    runs: int
    active_run: str | None  # the newest run that is not over
    covers: list[str]  # up to 8 image ids, to show what is inside
    votes: int  # answers by different people that a question wants; one more where they disagree and are even
    second_votes: SecondVotes  # with votes > 1: all questions | two groups of 4 or more images | surprising answers
    links: int  # pairs of training images that a manifest's tracklets and frames say something of
    imported_links: bool  # True: new runs take these links, unless their own settings say otherwise
    gold_rate: float  # share of pairs of known truth among the questions, to check people; 0..0.5
