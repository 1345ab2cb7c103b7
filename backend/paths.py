"""Paths that people send: they lead into an allowed folder, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from backend.errors import BadPathError, NotFoundError


def named_roots(roots: Sequence[Path]) -> dict[str, Path]:
    """Name the allowed folders by their last part; of equal names, later ones get a number."""
    named: dict[str, Path] = {}
    for root in roots:
        name, number = root.name, 2
        while name in named:
            name, number = f"{root.name}-{number}", number + 1
        named[name] = root
    return named


def inside(roots: Sequence[Path], text: str) -> Path:
    """Give the real path of `NAME-OF-ROOT/below/it`.

    Raises:
        BadPathError: not such a path, or it leads out of the root (`..`, a link).
        NotFoundError: nothing is there.
    """
    parts = _parts(text)
    named = named_roots(roots)
    if not parts or parts[0] not in named:
        raise NotFoundError(f"path: expected one below {', '.join(named) or 'an allowed folder (none is set)'}")
    root = named[parts[0]].resolve()
    try:
        real = root.joinpath(*parts[1:]).resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise NotFoundError("path: there is nothing at this path") from error
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links
        raise BadPathError("path: this cannot be a path") from error
    if not real.is_relative_to(root):
        raise BadPathError("path: it leads out of the allowed folder")
    return real


def _parts(text: str) -> tuple[str, ...]:
    if any(ord(letter) < 32 for letter in text) or "\\" in text:
        raise BadPathError("path: expected a path with /, without control characters")
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise BadPathError("path: expected a path below an allowed folder, without ..")
    return path.parts
