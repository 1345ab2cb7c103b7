"""Names read by a pattern of one's own: `{identity}_c{camera}_{frame}`, or `{camera}/{identity}/*`.

A word in braces stands for what is read, `*` for anything; neither reaches over a `/`. A pattern with a
`/` is matched against the last folders and the name, one without against the name alone; the name's
ending is left out. Images whose name does not fit are taken all the same, without identity and camera.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ucal.datasets.dataset import Dataset, numbered
from ucal.datasets.manifest import camera_numbers
from ucal.datasets.tree import FileTree
from ucal.errors import ConfigError, EmptyDataError
from ucal.types import Image

FIELDS = ("identity", "camera", "tracklet", "frame")
_PIECES = re.compile(r"\{([^{}]*)\}|(\*)|([^{}*]+)")
_MOST = 200  # characters


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern, checked."""

    text: str
    regex: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> NamePattern:
        """Check a pattern.

        Raises:
            ConfigError: unknown or repeated words, two of them without anything between, or none at all.
        """
        pieces = list(_PIECES.finditer(text))
        if not text or len(text) > _MOST or "".join(piece[0] for piece in pieces) != text:
            raise ConfigError(f"pattern: expected a text like {{identity}}_c{{camera}}_*, got {text[:_MOST]!r}")
        words = [piece[1] for piece in pieces if piece[1] is not None]
        strange = [word for word in words if word not in FIELDS]
        if strange or len(set(words)) != len(words) or not words:
            found = strange or sorted({word for word in words if words.count(word) > 1}) or ["none"]
            known = ", ".join(f"{{{name}}}" for name in FIELDS)
            raise ConfigError(f"pattern: expected some of {known}, each at most once, got {', '.join(found)}")
        open_before = False
        for piece in pieces:
            is_open = piece[3] is None
            if is_open and open_before:
                raise ConfigError(f"pattern: expected a sign between {text!r}'s parts: where does one end?")
            open_before = is_open
        return cls(text, re.compile("".join(map(_piece, pieces))))

    @property
    def n_folders(self) -> int:
        """Count the folders that are looked at."""
        return self.text.count("/")

    def read(self, name: str) -> dict[str, str] | None:
        """Give what a file's path says, by word; None when it does not fit."""
        parts = str(PurePosixPath(name).with_suffix("")).split("/")
        match = self.regex.fullmatch("/".join(parts[-self.n_folders - 1 :]))
        return None if match is None else match.groupdict()


def _piece(piece: re.Match[str]) -> str:
    if piece[1] is not None:
        return f"(?P<{piece[1]}>[^/]+?)"
    return "[^/]*?" if piece[2] else re.escape(piece[3])


def read_pattern(tree: FileTree, name: str, pattern: NamePattern) -> Dataset:
    """Read every image below a folder with what its name says; identities and cameras are numbered.

    Raises:
        EmptyDataError: there is no image, or no name fits.
    """
    names = tree.images()
    said = {key: found for key in names if (found := pattern.read(key)) is not None}
    if not said:
        example = f", for example {names[0]}" if names else ""
        raise EmptyDataError(f"pattern {pattern.text!r}: none of {len(names)} image(s) is named like it{example}")
    identities = numbered(found["identity"] for found in said.values() if "identity" in found)
    cameras = camera_numbers(found["camera"] for found in said.values() if "camera" in found)
    images = tuple(_image(tree, key, said.get(key, {}), identities, cameras) for key in names)
    notices: tuple[str, ...] = ()
    if len(said) < len(names):
        without = f"{len(names) - len(said)} of {len(names)} images are not named like {pattern.text}"
        notices = (f"{without}: they have no identity and no camera.",)
    return Dataset(
        name,
        "pattern",
        tree.root,
        images,
        bad=tree.refused(),
        identity_names=tuple(identities),
        notices=notices,
    )


def _image(
    tree: FileTree, key: str, said: dict[str, str], identities: dict[str, int], cameras: dict[str, int]
) -> Image:
    return Image(
        key=key,
        path=tree.locate(key),
        identity=identities.get(said.get("identity", "")),
        camera=cameras.get(said.get("camera", "")),
        tracklet=said.get("tracklet"),
        frame=said.get("frame"),
    )
