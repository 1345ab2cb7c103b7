"""What an audit sends and gets: images drawn at random, what was found of each, and the bounds that follow."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from backend.schemas import Body, ImageOut


class AuditNew(Body):
    images: int = Field(default=60, ge=1, le=2000)  # drawn; more images, tighter bounds


class ShareOut(BaseModel):
    """count of n drawn links; the true share is at most `upper`, with the audit's confidence."""

    count: int
    n: int
    estimate: float | None
    upper: float


class AuditOut(BaseModel):
    """A random audit of the clusters as they stood when it began (docs/api.md)."""

    id: str
    attempt: int  # the project's first, second, ...: each later one needs more confidence
    created_at: datetime
    images: int  # drawn
    done: int  # looked up
    confidence: float
    wrong: ShareOut | None  # links inside clusters that join two identities; None until all images are looked up
    missed: ShareOut | None  # links of one identity that no cluster has
    allowed: float  # the audit passes where both are at most this
    passed: bool | None  # None until all images are looked up
    actions: int
    seconds: float


class AuditTask(BaseModel):
    """One drawn image to look up."""

    image: ImageOut
    mates: list[ImageOut]  # of its cluster: which of them are another identity?
    found: list[ImageOut]  # of other clusters, the most similar first, one each: which are the same identity?


class FindingNew(Body):
    """What was found of a drawn image."""

    image: str = Field(max_length=64)
    wrong: list[str] = Field(default_factory=list, max_length=24)  # of `mates`
    elsewhere: list[str] = Field(default_factory=list, max_length=240)  # of `found`
    pages: int = Field(default=1, ge=1, le=10)  # pages of 24 that the search showed
    seconds: float = Field(default=0.0, ge=0, le=86400)
