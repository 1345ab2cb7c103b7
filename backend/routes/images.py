"""Images: facts by project, pixels by opaque id."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response

from backend import schemas
from backend.deps import At, Db, SignedIn
from backend.store import images, projects
from backend.thumbs import thumbnail
from backend.views import image_out

router = APIRouter(tags=["images"])


class Size(StrEnum):
    """The longer side, pixels."""

    S64 = "64"
    S128 = "128"
    S256 = "256"
    S512 = "512"
    FULL = "full"


@router.get("/projects/{project_id}/images")
def list_images(
    session: Db,
    person: SignedIn,
    project_id: str,
    split: Literal["train", "query", "gallery"] = "train",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[schemas.ImageOut]:
    """List a project's images in the order of their rows."""
    project = projects.get(session, person, project_id)
    return [image_out(image) for image in images.page(session, project.id, split, offset, limit)]


@router.get(
    "/images/{image_id}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The pixels"}, 304: {"description": "Unchanged"}},
)
def get_image(
    at: At,
    session: Db,
    person: SignedIn,
    image_id: str,
    size: Size = Size.S256,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Give an image's pixels as a JPEG without metadata."""
    image = images.get(session, person, image_id)
    headers = {
        "etag": f'"{image.id}-{size.value}"',
        "cache-control": "private, max-age=86400, immutable",
        "x-content-type-options": "nosniff",
    }
    if if_none_match is not None and headers["etag"] in (tag.strip() for tag in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(thumbnail(at.settings.thumbs_dir, image, size.value), media_type="image/jpeg", headers=headers)
