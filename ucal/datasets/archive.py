"""Unpack a zip that a stranger sent: only what a data set is made of, inside the target, within limits."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ucal.datasets.dataset import BadFile
from ucal.datasets.tree import IMAGE_SUFFIXES, REFUSED_SUFFIXES, is_hidden, suffix
from ucal.errors import DataError, DataFormatError, EmptyDataError
from ucal.events import Event, Sink, silent
from ucal.seams import Check, never

WANTED = IMAGE_SUFFIXES | {".csv"}
_ARCHIVES = frozenset((".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"))
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold; bytes are counted unpacked."""

    max_files: int = 500_000
    max_bytes: int = 50 * 2**30
    max_file_bytes: int = 256 * 2**20
    max_ratio: float = 200.0  # unpacked over packed, of the whole archive
    max_depth: int = 16  # folders in a name
    max_name: int = 255  # characters in one part of a name


@dataclass(frozen=True, slots=True)
class UnpackReport:
    """What was written, and what was left out with reasons."""

    files: int
    n_bytes: int
    refused: tuple[BadFile, ...]


def unpack(
    archive: Path, target: Path, limits: Limits | None = None, *, sink: Sink = silent, check: Check = never
) -> UnpackReport:
    """Unpack images and CSV files of a zip into `target`, which must be new or empty.

    Links, absolute names, names with `..`, encrypted members, archives in the archive, doubles and
    files of other kinds are left out and named in the report. Hidden files are left out silently.
    When it fails or is interrupted, nothing of it stays.

    Raises:
        DataFormatError: not a zip, or over a limit (by its directory before a byte is written, and
            by what really comes while writing).
        EmptyDataError: nothing in it is wanted.
        DataError: the target is not empty.
    """
    limits = limits or Limits()
    if target.exists() and any(target.iterdir()):
        raise DataError(f"{target}: expected a new or empty folder to unpack into")
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _check_totals(members, archive.stat().st_size, limits)
            wanted, refused = _choose(members, limits)
            if not wanted:
                first = f"; first {refused[0].path}: {refused[0].reason}" if refused else ""
                raise EmptyDataError(f"the archive holds no image ({len(members)} entries{first})")
            return _write(opened, wanted, target, (limits, sink, check), refused)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError, ValueError) as error:
        raise DataFormatError(f"expected a whole zip archive, this one does not open ({error})") from error


def _check_totals(members: list[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > limits.max_files:
        raise DataFormatError(f"the archive has {len(members)} entries; at most {limits.max_files} are allowed")
    if total > limits.max_bytes:
        raise DataFormatError(
            f"the archive unpacks to {total / 2**20:.0f} MB; at most {limits.max_bytes / 2**20:.0f} MB are allowed"
        )
    if total > limits.max_ratio * max(packed, _CHUNK):  # small archives may be as repetitive as they like
        times = f"{total / packed:.0f} times its size; at most {limits.max_ratio:.0f}"
        raise DataFormatError(f"the archive unpacks to {times} is allowed")


def _choose(members: Iterable[zipfile.ZipInfo], limits: Limits) -> tuple[list[zipfile.ZipInfo], list[BadFile]]:
    wanted: list[zipfile.ZipInfo] = []
    refused: list[BadFile] = []
    seen: set[str] = set()
    for member in members:
        name = member.filename
        if member.is_dir() or (_stays_inside(name) and is_hidden(name)):
            continue
        folded = name.casefold()
        reason = "listed twice" if folded in seen else _why_not(member, limits)
        seen.add(folded)
        if reason is None:
            wanted.append(member)
        else:
            refused.append(BadFile(_printable(name), reason))
    return wanted, refused


def _why_not(member: zipfile.ZipInfo, limits: Limits) -> str | None:
    """Give why a member is not unpacked; None when it is."""
    parts = PurePosixPath(member.filename).parts
    mode = member.external_attr >> 16
    rules = (
        (not _stays_inside(member.filename), "its name leaves the folder"),
        (stat.S_IFMT(mode) not in (0, stat.S_IFREG), "a link or a special file"),
        (bool(member.flag_bits & 0x1), "encrypted"),
        (len(parts) - 1 > limits.max_depth, f"more than {limits.max_depth} folders deep"),
        (any(len(part) > limits.max_name for part in parts), f"a name of more than {limits.max_name} characters"),
        (suffix(member.filename) in _ARCHIVES, "an archive inside the archive is not unpacked"),
        (suffix(member.filename) in REFUSED_SUFFIXES, REFUSED_SUFFIXES.get(suffix(member.filename), "")),
        (suffix(member.filename) not in WANTED, "neither an image nor a CSV file"),
        (member.file_size > limits.max_file_bytes, f"larger than {limits.max_file_bytes / 2**20:.0f} MB"),
    )
    return next((reason for holds, reason in rules if holds), None)


def _stays_inside(name: str) -> bool:
    parts = name.split("/")
    unsafe = any(part in ("", ".", "..") for part in parts) or any(sign in name for sign in "\\\0:")
    return not unsafe and all(letter.isprintable() for letter in name)


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:300]


def _write(
    opened: zipfile.ZipFile,
    wanted: list[zipfile.ZipInfo],
    target: Path,
    how: tuple[Limits, Sink, Check],
    refused: list[BadFile],
) -> UnpackReport:
    limits, sink, check = how
    existed = target.exists()
    target.mkdir(parents=True, exist_ok=True)
    total = 0
    try:
        for number, member in enumerate(wanted):
            if number % 256 == 0:
                check()
                sink(Event("progress", {"what": "unpack", "done": number, "total": len(wanted)}))
            total += _write_member(opened, member, target, limits.max_bytes - total)
    except BaseException:  # an interruption too leaves nothing behind
        shutil.rmtree(target, ignore_errors=True)
        if existed:
            target.mkdir(exist_ok=True)
        raise
    sink(Event("progress", {"what": "unpack", "done": len(wanted), "total": len(wanted)}))
    return UnpackReport(len(wanted), total, tuple(refused))


def _write_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: int) -> int:
    path = target / member.filename
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(member) as source, path.open("xb") as out:
            return _copy(source, out, min(room, member.file_size))
    except (FileExistsError, NotADirectoryError) as error:
        raise DataFormatError(f"{_printable(member.filename)}: a file and a folder of one name") from error
    except RuntimeError as error:  # zipfile's word for passwords
        raise DataFormatError(f"{_printable(member.filename)}: {error}") from error


def _copy(source: IO[bytes], out: IO[bytes], room: int) -> int:
    written = 0
    while chunk := source.read(_CHUNK):
        written += len(chunk)
        if written > room:
            raise DataFormatError("the archive unpacks to more than its directory says, or than is allowed")
        out.write(chunk)
    return written
