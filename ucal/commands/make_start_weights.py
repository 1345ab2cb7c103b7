"""`ucal make-start-weights`: train the small net's packaged start again, from generated people."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ucal.commands.options import new_parser, whole

EXAMPLE = """\
  ucal make-start-weights ./small_start.safetensors --threads 2
  ucal simulate --synth 0 --preset generated --weights ./small_start.safetensors --json out.json"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "make-start-weights",
        "Train the small net with labels on generated people of its own, none of whom is in a data set of "
        "`ucal synth`, and write its weights and how they were made (.json). Takes some minutes.",
        EXAMPLE,
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="the safetensors file to write")
    parser.add_argument("--threads", type=whole(0, 4096), default=0, help="CPU threads; 0 = all cores (0)")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from ucal.build import set_threads
    from ucal.commands.progress import progress_sink
    from ucal.errors import ConfigError
    from ucal.learners.start import make_start_weights

    if args.out.suffix != ".safetensors":
        raise ConfigError(f"OUT: expected a name that ends in .safetensors, got {args.out.name!r}")
    set_threads(args.threads)
    print(make_start_weights(args.out, sink=progress_sink()))
    return 0
