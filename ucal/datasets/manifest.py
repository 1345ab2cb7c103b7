"""A CSV manifest: one line per image with `path`, and what is known of it."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ucal.datasets.dataset import SPLITS, BadFile, Dataset, Split, numbered
from ucal.datasets.tree import REFUSED_SUFFIXES, FileTree, suffix
from ucal.errors import DataFormatError, EmptyDataError
from ucal.types import Image

FILE_NAME = "manifest.csv"
COLUMNS = ("path", "identity", "camera", "time", "tracklet", "frame", "split")
JUNK = "-1"


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: dict[str, str]

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")


def find_manifest(tree: FileTree) -> str | None:
    """Give the name of the tree's manifest: at the top, or in a zip's single outermost folder."""
    found = [name for name in tree.names if PurePosixPath(name).name == FILE_NAME]
    if FILE_NAME in found:
        return FILE_NAME
    one_down = [name for name in found if name.count("/") == 1]
    return one_down[0] if tree.is_zip and len(one_down) == 1 else None


def read_manifest(tree: FileTree, manifest: str, name: str) -> Dataset:
    """Read the images that a manifest lists; paths are relative to it.

    Columns: path; optional identity (any name; -1 = junk, kept out of evaluation), camera (a number
    or a name), time (seconds), tracklet, frame, split (train, query or gallery; train when empty).
    Other columns are ignored. Identities that are names or numbers alike are numbered from 1.

    Raises:
        DataFormatError: no CSV, no column `path`, or a cell that its column cannot hold.
        EmptyDataError: no usable line.
    """
    inside = tree.below(str(PurePosixPath(manifest).parent) if "/" in manifest else "")
    return read_listed(inside, tree.read(manifest), tree.locate(manifest), name)


def read_listed(inside: FileTree, content: bytes, where: str, name: str) -> Dataset:
    """Read the images that a manifest's content lists; paths are relative to the tree. `where` names it in errors.

    Raises: as `read_manifest`.
    """
    rows = _read_rows(content, where)
    bad: list[BadFile] = []
    good = _usable(inside, rows, bad)
    if not good:
        first = f", first {bad[0].path}: {bad[0].reason}" if bad else ""
        raise EmptyDataError(f"{where}: expected images, no line of {len(rows)} is usable{first}")
    identities = numbered(row.cell("identity") for row in good if row.cell("identity") not in ("", JUNK))
    cameras = camera_numbers(row.cell("camera") for row in good)
    splits: dict[Split, list[Image]] = {split: [] for split in SPLITS}
    for row in good:
        splits[_split(row)].append(_image(inside, row, identities | {JUNK: -1}, cameras))
    return Dataset(
        name,
        "manifest",
        inside.root,
        train=_ordered(splits["train"]),
        query=_ordered(splits["query"]),
        gallery=_ordered(splits["gallery"]),
        bad=tuple(bad),
        identity_names=tuple(identities),
    )


def _ordered(images: list[Image]) -> tuple[Image, ...]:
    return tuple(sorted(images, key=lambda image: image.key))


def _read_rows(content: bytes, where: str) -> list[_Row]:
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataFormatError(f"{where}: expected a CSV in UTF-8, byte {error.start} is not") from error
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    try:
        table = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataFormatError(f"{where}: expected a CSV ({error})") from error
    columns = [cell.strip().lower() for cell in next(filter(None, table), [])]
    if "path" not in columns:
        found = ", ".join(columns[:12]) or "nothing"
        raise DataFormatError(
            f"{where}: expected a column 'path' (and perhaps {', '.join(COLUMNS[1:])}), found {found}"
        )
    start = next(number for number, line in enumerate(table) if line) + 1
    return [
        _Row(number, {column: cell.strip() for column, cell in zip(columns, line, strict=False)})
        for number, line in enumerate(table[start:], start=start + 1)
        if line
    ]


def _usable(tree: FileTree, rows: Iterable[_Row], bad: list[BadFile]) -> list[_Row]:
    good: list[_Row] = []
    seen: set[str] = set()
    listed = frozenset(tree.names) if tree.only_names or tree.is_zip else None
    holds = tree.holds if listed is None else listed.__contains__
    for row in rows:
        key = row.cell("path").replace("\\", "/").removeprefix("./")
        reason = "listed twice" if key in seen else _why_not(key, holds)
        seen.add(key)
        if reason is None:
            good.append(_Row(row.line, row.cells | {"path": key}))
        else:
            bad.append(BadFile(key or f"line {row.line}", reason))
    return good


def _why_not(key: str, holds: Callable[[str], bool]) -> str | None:
    path = PurePosixPath(key)
    if not key:
        return "the line has no path"
    if path.is_absolute() or ".." in path.parts or "\0" in key or "::" in key:
        return "the path leaves the manifest's folder"
    if suffix(key) in REFUSED_SUFFIXES:
        return REFUSED_SUFFIXES[suffix(key)]
    return None if holds(key) else "no such file in the manifest's folder"


def _split(row: _Row) -> Split:
    text = row.cell("split").lower() or "train"
    if text not in SPLITS:
        raise DataFormatError(f"line {row.line}: split: expected train, query or gallery, got {text!r}")
    return text


def _image(tree: FileTree, row: _Row, identities: dict[str, int], cameras: dict[str, int]) -> Image:
    return Image(
        key=row.cell("path"),
        path=tree.locate(row.cell("path")),
        identity=identities.get(row.cell("identity")),
        camera=cameras.get(row.cell("camera")),
        tracklet=row.cell("tracklet") or None,
        frame=row.cell("frame") or None,
        time=_seconds(row),
    )


def camera_numbers(cells: Iterable[str]) -> dict[str, int]:
    """Number cameras by what is written of them: keep cameras that are numbers; number the names otherwise."""
    names = set(cells) - {""}
    if all(name.isascii() and name.isdigit() for name in names):
        return {name: int(name) for name in names}
    return numbered(names)


def _seconds(row: _Row) -> float | None:
    text = row.cell("time")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise DataFormatError(f"line {row.line}: time: expected seconds, got {text!r}")
    return seconds
