"""What several commands share: the look of a parser, sizes, JSON results."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ucal.runs import write_atomically


def new_parser(subparsers: Any, name: str, description: str, example: str) -> argparse.ArgumentParser:
    """Add a command with an example at the end of its help."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        description=description,
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser


def size(text: str) -> tuple[int, int]:
    """Read HxW as (height, width), for argparse."""
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and 16 <= int(height) <= 4096 and 16 <= int(width) <= 4096):
        raise argparse.ArgumentTypeError(f"expected HxW in pixels, 16 to 4096 each, for example 128x64, got {text!r}")
    return int(height), int(width)


def whole(low: int, high: int = 2**31 - 1) -> Any:
    """Give a reader of whole numbers from low to high, for argparse."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}, got {text!r}")
        return number

    return read


def share(text: str) -> float:
    """Read a number from 0 to 1, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return number


def write_json(path: Path | None, result: dict[str, Any]) -> None:
    """Write a result, whole or not at all; nothing where no path was given."""
    if path is not None:
        text = json.dumps(result, indent=1, allow_nan=False) + "\n"

        def write(part: Path) -> None:
            part.write_text(text, encoding="utf-8")

        write_atomically(path, write)
