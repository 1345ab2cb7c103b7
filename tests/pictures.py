"""Image files made for tests: whole, odd and broken ones."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def encoded(mode="RGB", size=(24, 48), kind="JPEG", colour=None, **options) -> bytes:
    """Give the bytes of a plain picture of this mode, (width, height)."""
    out = io.BytesIO()
    Image.new(mode, size, colour if colour is not None else 0).save(out, kind, **options)
    return out.getvalue()


def noise(size=(24, 48), seed=0, kind="JPEG") -> bytes:
    """Give the bytes of a picture that does not compress to nothing."""
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Give a PNG that says it has this size and ends soon after."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def put(root: Path, *names: str, content: bytes | None = None) -> Path:
    """Write a small picture (or the content) under each name, folders included."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if content is not None else encoded())
    return root
