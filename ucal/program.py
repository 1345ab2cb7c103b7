"""Which program runs: its version and, where its history is there, its commit."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Program:
    """What tells one program from another, as far as it is known."""

    version: str | None
    commit: str | None

    def __str__(self) -> str:
        version = f"version {self.version}" if self.version else "unknown version"
        return f"{version}, commit {self.commit[:12]}" if self.commit else version

    def differs(self, other: Program) -> bool:
        """Say whether something that is known of both is not the same."""
        pairs = (self.version, other.version), (self.commit, other.commit)
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def running() -> Program:
    """Give the program that runs."""
    return Program(version(), commit())


def version() -> str | None:
    """Give the version that is installed; None where the program runs from its source alone."""
    try:
        return importlib.metadata.version("ucal")
    except importlib.metadata.PackageNotFoundError:
        return None


def commit(root: Path = _ROOT) -> str | None:
    """Give the commit that the program runs from; None where it was installed without its history."""
    folder = root / ".git"
    try:
        head = (folder / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="ascii").strip()
        packed = (folder / "packed-refs").read_text(encoding="ascii").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)
    except (OSError, UnicodeDecodeError):
        return None
