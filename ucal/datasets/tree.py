"""The files of a folder or of a zip, seen alike: names with slashes, sorted, and where to open each."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ucal.datasets.dataset import BadFile
from ucal.errors import DataError, DataFormatError, DataNotFoundError

IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".jfif"))
REFUSED_SUFFIXES = {".svg": "SVG is refused: it can carry scripts", ".heic": "HEIC is not supported: save it as JPEG"}


@dataclass(frozen=True, slots=True)
class FileTree:
    """Files below `prefix` of a folder or zip. Hidden files and macOS' leftovers are not listed.

    Links are followed only where they stay inside the root: what leaves it is in `bad`. Of a tree
    that `only_names` are known of (a zip that is still elsewhere), nothing can be opened.
    """

    root: Path
    names: tuple[str, ...]
    prefix: str = ""
    bad: tuple[BadFile, ...] = ()
    only_names: bool = False

    @property
    def is_zip(self) -> bool:
        """Say whether the files lie in a zip."""
        return not self.only_names and self.root.is_file()

    def locate(self, name: str) -> str:
        """Give the path that `opening` opens."""
        full = self.prefix + name
        return f"{self.root}::{full}" if self.is_zip else str(self.root / full)

    def holds(self, name: str) -> bool:
        """Say whether this is a file inside the root, listed or not."""
        if self.only_names or self.is_zip:
            return name in self.names
        path = self.root / self.prefix / name
        return path.is_file() and path.resolve().is_relative_to(self.root.resolve())

    def read(self, name: str) -> bytes:
        """Give the content of a small file."""
        full = self.prefix + name
        if not self.is_zip:
            return (self.root / full).read_bytes()
        with zipfile.ZipFile(self.root) as archive:
            return archive.read(full)

    def below(self, folder: str) -> FileTree:
        """Give the part below a folder of the tree, named relative to it."""
        start = f"{folder}/" if folder else ""
        names = tuple(name.removeprefix(start) for name in self.names if name.startswith(start))
        inside = (file for file in self.bad if file.path.startswith(start))
        bad = tuple(replace(file, path=file.path.removeprefix(start)) for file in inside)
        return replace(self, names=names, prefix=self.prefix + start, bad=bad)

    def images(self) -> tuple[str, ...]:
        """Give the names that end like an image's."""
        return tuple(name for name in self.names if suffix(name) in IMAGE_SUFFIXES)

    def refused(self) -> tuple[BadFile, ...]:
        """Give what is left out although it was meant as an image: SVG, HEIC, links that leave."""
        kinds = ((name, REFUSED_SUFFIXES.get(suffix(name))) for name in self.names)
        return self.bad + tuple(BadFile(name, reason) for name, reason in kinds if reason is not None)


def suffix(name: str) -> str:
    """Give a name's ending in lower case, dot included."""
    return PurePosixPath(name).suffix.lower()


def file_tree(path: Path) -> FileTree:
    """List a folder or a zip.

    Raises:
        DataNotFoundError: no such folder or file.
        DataFormatError: neither a folder nor a readable zip.
    """
    if path.is_dir():
        return _folder_tree(path)
    if not path.exists():
        raise DataNotFoundError(f"{path}: no such file or folder")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise DataFormatError(f"{path}: expected a folder or a zip, but it does not open as a zip ({error})") from error
    return FileTree(path, tuple(sorted({name for name in names if not is_hidden(name)})))


def _folder_tree(root: Path) -> FileTree:
    names: list[str] = []
    bad: list[BadFile] = []
    inside = root.resolve()
    for entry, name in _entries(root, ""):
        if not entry.is_symlink():
            names.append(name)
        elif entry.is_dir():
            bad.append(BadFile(name, "a linked folder is not followed"))
        elif not Path(entry.path).resolve().is_relative_to(inside):
            bad.append(BadFile(name, "a link that leaves the folder is not followed"))
        elif entry.is_file():
            names.append(name)
        else:
            bad.append(BadFile(name, "a link to nothing"))
    return FileTree(root, tuple(sorted(names)), bad=tuple(bad))


def _entries(folder: Path, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Give the files below a folder, and links whatever they point to."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: the folder cannot be read ({error.strerror})") from error
    for entry in entries:
        name = prefix + entry.name
        if is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(Path(entry.path), name + "/")
        elif entry.is_symlink() or entry.is_file():
            yield entry, name


def is_hidden(name: str) -> bool:
    """Say whether a name is, or lies in, something that a system keeps for itself."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
