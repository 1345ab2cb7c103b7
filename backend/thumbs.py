"""Resized images, kept on disk. A file there is complete: it is written under another name first."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from backend.store.models import Image
from ucal.datasets.opening import encode_jpeg

FULL_SIDE = 4096


def thumbnail(folder: Path, image: Image, size: str) -> bytes:
    """Give an image as a JPEG whose longer side is at most `size` pixels (`full`: 4096).

    Raises:
        BadImageError: it does not open (any more).
    """
    path = folder / image.project_id / image.id[:2] / f"{image.id}-{size}.jpg"
    try:
        return path.read_bytes()
    except OSError:  # not there yet, or its folder cannot be read: made anew
        pass
    content = encode_jpeg(image.path, FULL_SIDE if size == "full" else int(size))
    if size != "full":
        _keep(path, content)
    return content


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            file.write(content)
        os.replace(file.name, path)
    except OSError:  # no room: people still see their image
        return
