"""The only door to Pillow: opens images that nobody vouches for, and says plainly why one does not open.

A path is a file, `archive.zip::member`, or `array.npz::row` (see `sources`).
"""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from ucal.datasets.dataset import BadFile
from ucal.datasets.sources import Sources
from ucal.errors import BadImageError
from ucal.events import Event, Sink, silent
from ucal.seams import Check, never
from ucal.types import ByteArray, Image

MAX_PIXELS = 64_000_000
MAX_SIDE = 16_384
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
GREY = (128, 128, 128)  # behind transparency, and in place of a bad image
MAPPED_ABOVE = 4 << 30  # bytes of decoded images; more lie in a file
_BATCH = 256  # images read ahead of the decoders
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {  # EXIF orientation -> what turns the stored pixels upright
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}

Size = tuple[int, int]  # width, height


def open_image(path: str) -> Pillow.Image:
    """Open one image as upright 8-bit RGB without metadata; of an animation, the first frame.

    Raises:
        BadImageError: the reason, in words.
    """
    with Sources() as sources:
        return _decode(sources.read(path))


def probe(path: str) -> Size:
    """Give (width, height) as shown, having decoded the whole image.

    Raises:
        BadImageError: the reason, in words.
    """
    with Sources() as sources:
        return _measure(sources.read(path))


def encode_jpeg(source: str | Pillow.Image, max_side: int, quality: int = 85) -> bytes:
    """Give a JPEG whose longer side is at most `max_side` pixels, without any metadata.

    Raises:
        BadImageError: the source is a path and does not open.
    """
    if isinstance(source, str):
        with Sources() as sources:
            source = _decode(sources.read(source), at_least=(max_side, max_side))
    scale = min(1.0, max_side / max(source.size))
    size = (max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    small = source.convert("RGB") if size == source.size else source.convert("RGB").resize(size, _BICUBIC)
    clean = Pillow.new("RGB", size)
    clean.paste(small)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def load_pixels(
    images: Sequence[Image],
    height: int,
    width: int,
    *,
    folder: Path | None = None,
    sink: Sink = silent,
    check: Check = never,
) -> tuple[ByteArray, tuple[BadFile, ...]]:
    """Give (n, height, width, 3) uint8, resized bicubic, and the images that do not open (grey in the array).

    folder: where a nameless file holds them when they are large (`MAPPED_ABOVE`), mapped: the system keeps in
    memory what is used and there is room for, and the file goes with the array. None: always memory.
    """
    pixels = _array((len(images), height, width, 3), folder)

    def fill(row: int, raw: bytes | ByteArray) -> None:
        image = _decode(raw, at_least=(2 * width, 2 * height))
        pixels[row] = np.asarray(image.resize((width, height), _BICUBIC))

    bad = _each(images, fill, sink, check)
    pixels[[row for row, _ in bad]] = GREY
    return pixels, tuple(BadFile(images[row].key, reason) for row, reason in bad)


def _array(shape: tuple[int, int, int, int], folder: Path | None) -> ByteArray:
    if folder is None or math.prod(shape) <= MAPPED_ABOVE:
        return np.empty(shape, np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


def bad_images(images: Sequence[Image], *, sink: Sink = silent, check: Check = never) -> tuple[BadFile, ...]:
    """Decode every image and give those that do not open."""
    bad = _each(images, lambda row, raw: _measure(raw), sink, check)
    return tuple(BadFile(images[row].key, reason) for row, reason in bad)


def image_sizes(
    images: Sequence[Image], *, sink: Sink = silent, check: Check = never
) -> tuple[dict[int, Size], tuple[BadFile, ...]]:
    """Decode every image; give (width, height) as shown, by row, and those that do not open."""
    sizes: dict[int, Size] = {}

    def measure(row: int, raw: bytes | ByteArray) -> None:
        sizes[row] = _measure(raw)

    bad = _each(images, measure, sink, check)
    return sizes, tuple(BadFile(images[row].key, reason) for row, reason in bad)


def _each(
    images: Sequence[Image], work: Callable[[int, bytes | ByteArray], object], sink: Sink, check: Check
) -> list[tuple[int, str]]:
    """Do `work` on each image's raw content with a few threads; give rows and reasons of those that failed.

    One thread reads, in row order (archives like that); the others decode (Pillow lets them).
    """
    bad: list[tuple[int, str]] = []

    def attempt(row: int, raw: bytes | ByteArray | BadImageError) -> tuple[int, str] | None:
        try:
            if isinstance(raw, BadImageError):
                raise raw
            work(row, raw)
        except BadImageError as error:
            return row, str(error)
        return None

    with Sources() as sources, ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(images), _BATCH):
            check()
            rows = range(start, min(start + _BATCH, len(images)))
            futures = [pool.submit(attempt, row, sources.try_read(images[row].path)) for row in rows]
            bad += [failure for future in futures if (failure := future.result()) is not None]
            sink(Event("progress", {"what": "read", "done": rows.stop, "total": len(images)}))
    return bad


_BICUBIC = Pillow.Resampling.BICUBIC


def _decode(raw: bytes | ByteArray, at_least: Size | None = None) -> Pillow.Image:
    if isinstance(raw, np.ndarray):
        return _from_array(raw)
    return _with_reasons(partial(_decode_bytes, raw, at_least))


def _measure(raw: bytes | ByteArray) -> Size:
    if isinstance(raw, np.ndarray):
        return _from_array(raw).size

    def measure() -> Size:
        image = _open(raw)
        size, orientation = image.size, _orientation(image)
        image.draft("RGB", (1, 1))  # JPEG only: all bytes are read, an eighth of the pixels made
        _rgb(image)
        return (size[1], size[0]) if orientation >= 5 else size

    return _with_reasons(measure)


Result = TypeVar("Result")


def _with_reasons(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except BadImageError:
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise BadImageError(f"too large, at most {MAX_PIXELS // 10**6} million pixels: {_words(error)}") from error
    except MemoryError as error:
        raise BadImageError("too large: not enough memory to open it") from error
    except Exception as error:  # decoders fail on hostile bytes in any way they like; each is one bad file
        raise BadImageError(f"damaged or cut off: {_words(error)}") from error


def _words(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]


def _decode_bytes(raw: bytes, at_least: Size | None) -> Pillow.Image:
    image = _open(raw)
    orientation = _orientation(image)
    if at_least is not None:
        image.draft("RGB", at_least[::-1] if orientation >= 5 else at_least)
    image = _rgb(image)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    image.info = {}
    return image


def _open(raw: bytes) -> Pillow.Image:
    """Read the header and refuse by it, before any pixel is made."""
    if not raw:
        raise BadImageError("the file is empty")
    try:
        image = Pillow.open(io.BytesIO(raw), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise BadImageError(_what_it_is(raw)) from error
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise BadImageError(
            f"too large: {width} x {height} pixels; at most {MAX_SIDE} a side and {MAX_PIXELS // 10**6} million in all"
        )
    return image


def _what_it_is(raw: bytes) -> str:
    head = raw[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "SVG is refused: it can carry scripts"
    if raw.startswith((b"\xff\xd8", b"\x89PNG")):
        return "damaged or cut off: its header cannot be read"
    kind = "a text" if _is_text(raw[:1024]) else "something else"
    return f"not an image: expected JPEG, PNG, WebP, BMP, GIF, TIFF or PPM, the content is {kind}"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter.isspace() for letter in text)


def _orientation(image: Pillow.Image) -> int:
    """Give the EXIF orientation; 1 (upright) when the EXIF block is damaged, which the pixels need not be."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:
        return 1


def _rgb(image: Pillow.Image) -> Pillow.Image:
    image.load()
    if image.mode.startswith("I"):  # 16-bit grey: `convert` would clip it to white
        deep = np.asarray(image).clip(0, 65_535)
        return Pillow.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise BadImageError("floating-point pixels have no agreed range: save it with 8 or 16 bits")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        picture = image.convert("RGBA")
        ground = Pillow.new("RGBA", picture.size, (*GREY, 255))
        return Pillow.alpha_composite(ground, picture).convert("RGB")
    return image.convert("RGB")


def _from_array(array: ByteArray) -> Pillow.Image:
    return Pillow.fromarray(array).convert("RGB")
