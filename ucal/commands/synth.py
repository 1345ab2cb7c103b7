"""`ucal synth`: generate a data set of people that do not exist."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ucal.commands.options import new_parser, size, whole

EXAMPLE = """\
  ucal synth ./people --identities 60 --cameras 4 --images 3 --size 128x64 --seed 0
  ucal data check ./people"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "synth",
        "Generate a re-identification data set in Market-1501's layout: train, query and gallery, no identity "
        "of the one in the others. The same options give the same files.",
        EXAMPLE,
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="a new or empty folder")
    parser.add_argument("--identities", type=whole(2, 1_000_000), default=60, help="training identities (60)")
    parser.add_argument("--held-out", type=whole(1, 1_000_000), help="identities of query and gallery (half as many)")
    parser.add_argument("--cameras", type=whole(1, 1000), default=4, help="cameras (4)")
    parser.add_argument("--images", type=whole(1, 1000), default=3, help="images per identity and camera (3)")
    parser.add_argument("--size", type=size, default=(128, 64), metavar="HxW", help="pixels (128x64)")
    parser.add_argument("--scenery", type=float, default=0.5, help="how much the places stand out, 0 to 1 (0.5)")
    parser.add_argument("--hard", type=float, default=1.5, help="how much the cameras differ (1.5)")
    parser.add_argument("--seed", type=whole(0), default=0, help="the only source of randomness (0)")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from ucal.commands.progress import progress_sink
    from ucal.datasets import read
    from ucal.datasets.synth import generate

    height, width = args.size
    path = generate(
        args.out,
        identities=args.identities,
        cameras=args.cameras,
        images=args.images,
        height=height,
        width=width,
        seed=args.seed,
        hard=args.hard,
        scenery=args.scenery,
        held_out=args.held_out,
        sink=progress_sink(),
    )
    dataset = read(path, "market1501")
    print(f"{path}: {len(dataset.train)} train, {len(dataset.query)} query, {len(dataset.gallery)} gallery images")
    return 0
