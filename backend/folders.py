"""The folder browser: what lies below the allowed folders, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from backend.errors import BadPathError
from backend.import_schemas import Folder
from backend.paths import inside, named_roots


def folders_below(roots: Sequence[Path], path: str) -> list[Folder]:
    """List the folders below `path`; the allowed folders themselves where it is empty.

    Raises:
        BadPathError: a path that leads out, or to a file.
        NotFoundError: nothing is there.
    """
    if not path:
        return [_folder(name, name, root) for name, root in named_roots(roots).items() if root.is_dir()]
    real = inside(roots, path)
    if not real.is_dir():
        raise BadPathError("path: expected a folder, got a file")
    found = (entry for entry in os.scandir(real) if entry.is_dir(follow_symlinks=False))
    shown = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    return [_folder(f"{path.rstrip('/')}/{entry.name}", entry.name, Path(entry.path)) for entry in shown]


def _folder(path: str, name: str, folder: Path) -> Folder:
    folders = files = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                folders, files = folders + is_folder, files + (not is_folder)
    except PermissionError:
        pass  # shown as empty: the import says why
    return Folder(path=path, name=name, folders=folders, files=files)
