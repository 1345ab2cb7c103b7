"""MSMT17: lists of `0000/0000_000_01_0303morning_0008_0.jpg 0` beside folders of images; the third field is the camera.

V1 keeps images in train and test, V2 (faces masked) in mask_train_v2 and mask_test_v2. The training
set is list_train.txt and list_val.txt together, as in the published counts. An identity is the list's
number; train and test number their people apart, each from 0. Only what the lists name is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ucal.datasets.dataset import SPLITS, BadFile, Dataset, Split
from ucal.datasets.tree import FileTree
from ucal.errors import DataFormatError, EmptyDataError
from ucal.types import Image

LISTS: dict[Split, tuple[str, ...]] = {
    "train": ("list_train.txt", "list_val.txt"),
    "query": ("list_query.txt",),
    "gallery": ("list_gallery.txt",),
}
FOLDERS = (("train", "test"), ("mask_train_v2", "mask_test_v2"))  # V1, V2
EXAMPLE = "0000/0000_000_01_0303morning_0008_0.jpg 0"
_LINE = re.compile(r"(?P<file>\S.*\S)\s+(?P<identity>\d+)")
_FILE = re.compile(
    r"(?:.*/)?(?P<person>\d+)_\d+_(?P<camera>\d+)_(?P<when>\d{4}[a-z]+)_(?P<frame>\d+)_\d+[a-z_]*\.\w+", re.IGNORECASE
)


def find_root(tree: FileTree) -> tuple[str, str, str] | None:
    """Give (parent, training folder, test folder) of the shallowest MSMT17 in a tree; None when there is none."""
    first = LISTS["train"][0]
    parents = [name.removesuffix(first).rstrip("/") for name in tree.names if f"/{name}".endswith(f"/{first}")]
    for parent in sorted(parents, key=lambda parent: (parent.count("/"), parent)):
        tops = {name.partition("/")[0] for name in tree.below(parent).names if "/" in name}
        found = {top.lower(): top for top in tops}
        for train, test in FOLDERS:
            if train in found:
                return parent, found[train], found.get(test, test)
    return None


def read_msmt17(tree: FileTree, name: str) -> Dataset:
    """Read MSMT17, V1 or V2, or a folder or zip that holds it.

    Raises:
        DataFormatError: no list with its folder of images, or a query without a gallery.
        EmptyDataError: the lists name no image that is there.
    """
    found = find_root(tree)
    if found is None:
        raise DataFormatError(
            f"{tree.root}: expected {LISTS['train'][0]} beside a folder train or mask_train_v2 (MSMT17 layout)"
        )
    parent, train_folder, test_folder = found
    reading = _Reading(tree.below(parent))
    folders: dict[Split, str] = {"train": train_folder, "query": test_folder, "gallery": test_folder}
    train, query, gallery = (reading.split(LISTS[split], folders[split]) for split in SPLITS)
    if not train:
        raise EmptyDataError(
            f"{tree.root}: expected lines like {EXAMPLE!r} in {LISTS['train'][0]}, found no such image"
        )
    if bool(query) != bool(gallery):
        missing = LISTS["gallery" if query else "query"][0]
        raise DataFormatError(f"{tree.root}: expected images in {missing} too (query and gallery go together)")
    return Dataset(name, "msmt17", tree.root, train, query, gallery, tuple(reading.bad))


@dataclass(slots=True)
class _Reading:
    tree: FileTree
    bad: list[BadFile] = field(default_factory=list)
    present: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.present = frozenset(self.tree.names)
        self.bad += self.tree.refused()

    def split(self, lists: tuple[str, ...], folder: str) -> tuple[Image, ...]:
        """Read the images of a split, sorted by key; faults of a line join `bad`."""
        images: dict[str, Image] = {}
        for list_name in lists:
            if list_name not in self.present:
                continue
            lines = self.tree.read(list_name).decode("utf-8", "replace").splitlines()
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    self._line(f"{list_name}, line {number}", line.strip(), folder, images)
        return tuple(images[key] for key in sorted(images))

    def _line(self, where: str, line: str, folder: str, images: dict[str, Image]) -> None:
        match = _LINE.fullmatch(line)
        name = _FILE.fullmatch(match["file"]) if match else None
        if match is None or name is None:
            self.bad.append(BadFile(where, f"expected a line like {EXAMPLE!r}"))
            return
        key = f"{folder}/{match['file']}"
        if int(name["person"]) != int(match["identity"]):
            self.bad.append(BadFile(key, f"{where} says identity {match['identity']}, the name says {name['person']}"))
        elif key in images:
            self.bad.append(BadFile(key, f"{where} names it again"))
        elif key not in self.present:
            self.bad.append(BadFile(key, f"{where} names it, but there is no such file"))
        else:
            images[key] = Image(
                key, self.tree.locate(key), int(match["identity"]), int(name["camera"]), name["when"], name["frame"]
            )
