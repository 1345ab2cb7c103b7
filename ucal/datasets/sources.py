"""Where an image's bytes lie: a file, `archive.zip::member`, or `array.npz::row` (of the array `images`)."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from ucal.errors import BadImageError, DataFormatError
from ucal.types import ByteArray

MAX_BYTES = 256 * 2**20  # of one image file
_INSIDE = re.compile(r"(.+?\.(zip|npz))::(.+)", re.DOTALL | re.IGNORECASE)


@dataclass(slots=True)
class Rows:
    """The array `images` of an npz, read row by row as a stream: it is never wholly in memory."""

    stream: IO[bytes]
    start: int  # of the data in the stream, bytes
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @classmethod
    def of(cls, archive: zipfile.ZipFile, name: str = "images") -> Self:
        """Read the header.

        Raises:
            DataFormatError: no such array, or one that is not plain rows of bool or bytes.
        """
        try:
            stream = archive.open(f"{name}.npy")
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read(stream)
        except (KeyError, ValueError, OSError, zipfile.BadZipFile, zlib.error) as error:
            raise DataFormatError(f"expected an array {name!r} in the npz ({error})") from error
        if fortran or dtype not in (np.dtype(bool), np.dtype(np.uint8)) or len(shape) < 3:
            raise DataFormatError(
                f"array {name!r}: expected bool or uint8 of 3 or more dimensions in C order, got {dtype} {shape}"
            )
        return cls(stream, stream.tell(), shape, dtype)

    def row(self, number: int, picture_dimensions: int = 2) -> ByteArray:
        """Give picture `number` (counted over all leading dimensions) as uint8; True is 255."""
        picture = self.shape[-picture_dimensions:]
        size = int(np.prod(picture))
        count = int(np.prod(self.shape[:-picture_dimensions]))
        if not 0 <= number < count:
            raise BadImageError(f"no such row: expected 0 to {count - 1}, got {number}")
        self.stream.seek(self.start + number * size)
        content = self.stream.read(size)
        if len(content) != size:
            raise BadImageError("damaged or cut off: the array ends early")
        array = np.frombuffer(content, dtype=np.uint8).reshape(picture)
        return np.where(array > 0, np.uint8(255), np.uint8(0)) if self.dtype == np.dtype(bool) else array


@dataclass(slots=True)
class Sources:
    """Reads images' raw content, keeping archives open between reads. For one thread."""

    _zips: dict[str, zipfile.ZipFile] = field(default_factory=dict)
    _arrays: dict[str, Rows] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for archive in self._zips.values():
            archive.close()

    def read(self, path: str) -> bytes | ByteArray:
        """Give a file's bytes, or the uint8 pixels of an npz row.

        Raises:
            BadImageError: it cannot be read, or is too large.
        """
        inside = _INSIDE.fullmatch(path)
        try:
            if inside is None or Path(path).is_file():
                return _file_bytes(Path(path))
            archive, kind, member = inside.groups()
            if kind.lower() == "npz":
                return self._array(archive).row(int(member))
            return _member_bytes(self._zip(archive), member)
        except BadImageError:
            raise
        except (OSError, KeyError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise BadImageError(f"cannot be read: {_reason(error)}") from error
        except DataFormatError as error:
            raise BadImageError(str(error)) from error

    def try_read(self, path: str) -> bytes | ByteArray | BadImageError:
        """Do as `read`, but give the error instead of raising it."""
        try:
            return self.read(path)
        except BadImageError as error:
            return error

    def _zip(self, path: str) -> zipfile.ZipFile:
        if path not in self._zips:
            self._zips[path] = zipfile.ZipFile(path)
        return self._zips[path]

    def _array(self, path: str) -> Rows:
        if path not in self._arrays:
            self._arrays[path] = Rows.of(self._zip(path))
        return self._arrays[path]


def _file_bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise BadImageError(f"too large: {size / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB")
    return path.read_bytes()


def _member_bytes(archive: zipfile.ZipFile, member: str) -> bytes:
    size = archive.getinfo(member).file_size
    if size > MAX_BYTES:
        raise BadImageError(f"too large: {size / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB")
    return archive.read(member)  # zipfile stops at the size the directory gives, and checks the sum


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
