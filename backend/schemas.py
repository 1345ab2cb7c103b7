"""What goes over the wire, under /api/v1: what all of it shares. Every error is an `Error`. See also `*_schemas`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Error(BaseModel):
    """Every failure."""

    error: str  # the error's name, for machines
    detail: str  # what was expected, what came, what to do, for people


class Role(StrEnum):
    """What a person may do: an admin everything, an annotator answer questions of projects they belong to."""

    ADMIN = "admin"
    ANNOTATOR = "annotator"


class ImageOut(BaseModel):
    """`/api/v1/images/{id}?size=64|128|256|512|full` gives the pixels."""

    id: str
    row: int
    key: str
    width: int | None
    height: int | None
    camera: int | None
