"""A look at what an import would read from names, before anything is sent or copied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backend.errors import InvalidError
from backend.import_schemas import BadFileOut, ImportPreview, PreviewExample, PreviewNew
from backend.paths import inside
from ucal.datasets import Dataset, read
from ucal.datasets.manifest import FILE_NAME, find_manifest, read_listed
from ucal.datasets.preview import names_tree, preview, read_names
from ucal.datasets.tree import file_tree

SHOWN = 12  # refused files
INSIDE = "The manifest.csv in the zip says what each image is; it is read after the upload."


def preview_names(roots: Sequence[Path], body: PreviewNew) -> ImportPreview:
    """Count what names say.

    Raises:
        InvalidError: neither a path nor names, or both.
        ConfigError, DataError: the names, or the pattern, give nothing to import; said in words.
    """
    if (body.path is None) == (body.names is None):
        raise InvalidError("expected either `path` (a folder on the server) or `names` (of files in a zip)")
    if body.path is not None:
        return _out(_of_folder(inside(roots, body.path), body))
    tree = names_tree(body.names or ())
    if body.pattern is None and body.format in ("auto", "manifest") and find_manifest(tree) is not None:
        if body.manifest is None:
            return _unread(len(tree.images()))
        return _out(read_listed(tree, body.manifest.encode(), FILE_NAME, "zip"))
    return _out(read_names(tree, "zip", body.format, pattern=body.pattern))


def _of_folder(path: Path, body: PreviewNew) -> Dataset:
    if body.pattern is None and body.manifest is None:
        return read(path, body.format)
    manifest = None if body.manifest is None else body.manifest.encode()
    return read_names(file_tree(path), path.name, pattern=body.pattern, manifest=manifest)


def _out(dataset: Dataset) -> ImportPreview:
    found = preview(dataset)
    return ImportPreview(
        format=found.format,
        images=found.images["train"],
        queries=found.images["query"],
        gallery=found.images["gallery"],
        identities=found.identities,
        cameras=found.cameras,
        unlabelled=found.unlabelled,
        without_camera=found.without_camera,
        examples=[
            PreviewExample(name=one.key, split=one.split, identity=one.identity, camera=one.camera)
            for one in found.examples
        ],
        refused=len(found.bad),
        refused_examples=[BadFileOut(path=file.path, reason=file.reason) for file in found.bad[:SHOWN]],
        notices=list(found.notices),
    )


def _unread(images: int) -> ImportPreview:
    return ImportPreview(
        format="manifest",
        images=images,
        queries=0,
        gallery=0,
        identities=0,
        cameras=0,
        unlabelled=0,
        without_camera=0,
        examples=[],
        refused=0,
        refused_examples=[],
        notices=[INSIDE],
    )
