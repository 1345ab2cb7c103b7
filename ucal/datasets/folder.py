"""A plain folder of images: one sub-folder per identity, or none: unlabelled."""

from __future__ import annotations

from ucal.datasets.dataset import Dataset, numbered
from ucal.datasets.tree import FileTree
from ucal.errors import EmptyDataError
from ucal.types import Image


def read_folder(tree: FileTree, name: str) -> Dataset:
    """Read every image below a folder.

    When ALL images lie in sub-folders of the first level and there are at least two of these, each
    such sub-folder is an identity, however deep its images lie; otherwise the set is unlabelled. A
    zip's single outermost folder does not count as a level.

    Raises:
        EmptyDataError: there is no image.
    """
    names = tree.images()
    if not names:
        example = f", for example {tree.names[0]}" if tree.names else ""
        raise EmptyDataError(
            f"{tree.root}: expected images (.jpg, .png, ...), found none among {len(tree.names)} file(s){example}"
        )
    inside = tree.below(_only_folder(names)) if tree.is_zip else tree
    numbers = _identities(inside.images())
    images = tuple(
        Image(key=key, path=inside.locate(key), identity=numbers.get(key.partition("/")[0]) if numbers else None)
        for key in inside.images()
    )
    return Dataset(name, "folder", tree.root, images, bad=inside.refused(), identity_names=tuple(numbers))


def _identities(names: tuple[str, ...]) -> dict[str, int]:
    folders = {name.partition("/")[0] for name in names}
    return numbered(folders) if len(folders) > 1 and all("/" in name for name in names) else {}


def _only_folder(names: tuple[str, ...]) -> str:
    """Give the folder that holds everything, if there is one."""
    folders = {name.rpartition("/")[0] + "/" for name in names}
    tops = {folder.partition("/")[0] for folder in folders}
    return tops.pop() if len(tops) == 1 else ""
