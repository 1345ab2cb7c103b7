"""What goes over the wire of imports: what to read, a look at what would be read, how it does."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.schemas import Body


class ImportState(StrEnum):
    NONE = "none"
    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


class ImportReport(BaseModel):
    """How an import does. What it reads is counted in files, or in entries of a zip while that is unpacked."""

    state: ImportState
    source: str  # folder below an allowed root, or the uploaded file's name
    done: int  # files looked at
    total: int
    error: str | None  # why it failed, in words
    bad_files: int
    what: str  # unpack | generate | open: what is being done
    rate: float | None  # a second; None: not known yet
    seconds_left: float | None
    notices: list[str]  # what whoever uses this collection must know


Layout = Literal[  # ucal.datasets.FORMATS less `features`, which holds no images
    "auto", "market1501", "dukemtmc", "msmt17", "veri776", "folder", "manifest", "omniglot", "omniglot-small"
]


class BadFileOut(BaseModel):
    path: str
    reason: str


Pattern = Annotated[str, Field(min_length=1, max_length=200)]
"""How names are read: `{identity}_c{camera}_*`; fields identity, camera, tracklet and frame, `*` for anything."""


class ImportFolder(Body):
    path: str = Field(min_length=1, max_length=1000)  # relative to an allowed root
    format: Layout = "auto"
    pattern: Pattern | None = None  # in place of a layout
    manifest: str | None = Field(default=None, max_length=48 * 2**20)  # a CSV whose paths lie below the folder


class PreviewNew(Body):
    """What to look at: a folder on the server, or the names in a zip that is still with the sender.

    `manifest` is the text of a CSV: of one that lies elsewhere (with `path`), or of the manifest.csv at the top of the
    zip (with `names`; without it, such a zip is only counted).
    """

    path: str | None = Field(default=None, min_length=1, max_length=1000)
    names: list[Annotated[str, Field(max_length=1000)]] | None = Field(default=None, max_length=500_000)
    format: Layout = "auto"
    pattern: Pattern | None = None
    manifest: str | None = Field(default=None, max_length=48 * 2**20)


class PreviewExample(BaseModel):
    name: str
    split: Literal["train", "query", "gallery"]
    identity: str | None  # None: unlabelled
    camera: int | None


class ImportPreview(BaseModel):
    """What an import would read from names alone; no image is opened for it."""

    format: str  # the layout that was found
    images: int
    queries: int
    gallery: int
    identities: int
    cameras: int
    unlabelled: int  # images without identity
    without_camera: int
    examples: list[PreviewExample]
    refused: int  # files that would be left out
    refused_examples: list[BadFileOut]
    notices: list[str]


class ImportSynth(Body):
    """Generate a data set on the server and import it (the demo's data)."""

    identities: int = Field(default=40, ge=4, le=2000)
    cameras: int = Field(default=4, ge=1, le=32)
    images: int = Field(default=3, ge=1, le=32)  # per identity and camera
    height: int = Field(default=128, ge=32, le=512)
    width: int = Field(default=64, ge=16, le=512)
    scenery: float = Field(default=1.0, ge=0, le=1)  # how much the places stand out: full, so that answers are needed
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


class Folder(BaseModel):
    path: str  # relative to the allowed root
    name: str
    folders: int
    files: int
