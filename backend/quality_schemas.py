"""What goes over the wire of people's quality: agreement, votes, pairs of known truth, practice."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from backend.schemas import Body, ImageOut


class PersonQuality(BaseModel):
    """One person's answers of a run that stand, and how often they were right where the truth is known."""

    person_id: str
    name: str
    answers: int
    median_seconds: float | None
    gold: int  # "same" or "different" on pairs of known truth that checked this person, in all runs of the project
    gold_right: int
    gold_interval: tuple[float, float] | None  # 95 % (Wilson) of gold_right / gold
    careless: bool  # the whole interval lies below 95 %
    weight: float  # of this person's vote; 1 = of somebody who was not checked yet
    checked: int  # all judged pairs of this run whose images have known identities
    right: int
    interval: tuple[float, float] | None  # 95 % (Wilson) of right / checked


class Vote(BaseModel):
    person: str
    verdict: str
    at: datetime


class Disagreement(BaseModel):
    """A pair of which people say different things."""

    left: ImageOut
    right: ImageOut
    votes: list[Vote]  # oldest first
    verdict: str | None  # what the label memory holds of it now: same | different | unsure; None: not decided yet
    truth: Literal["same", "different"] | None  # what an admin marked


class Disagreements(BaseModel):
    total: int
    items: list[Disagreement]


class Quality(BaseModel):
    """How far people agree, and how often they are right. Only "same" and "different" are compared."""

    people: list[PersonQuality]
    judged_twice: int  # pairs that two or more people judged, checks left out
    alpha: float | None  # Krippendorff's, nominal
    kappa: float | None  # Cohen's, where exactly two people answered
    disagreements: int  # pairs of which people say different things


class GoldPairNew(Body):
    left: str = Field(max_length=64)  # ids of two training images
    right: str = Field(max_length=64)
    same: bool  # what is true of them


class GoldPairOut(BaseModel):
    left: ImageOut
    right: ImageOut
    same: bool


class Gold(BaseModel):
    """Pairs of known truth that a project has to check people with."""

    marked: list[GoldPairOut]  # by admins
    known: int  # training images whose identity the data tell: pairs are drawn from them too


class PracticePair(BaseModel):
    left: ImageOut
    right: ImageOut
    same: bool  # the truth


class PracticeTile(BaseModel):
    image: ImageOut
    ticked: bool  # how it starts
    same: bool  # the truth: the anchor's identity


class Practice(BaseModel):
    """Questions with their truth, to practise on: pairs, then one page. Nothing of it is stored."""

    project_id: str
    project_name: str
    pairs: list[PracticePair]
    anchor: ImageOut
    tiles: list[PracticeTile]
