"""`ucal audit`: bound the wrong and the missed links of anybody's clusters, from a random sample and the truth."""

from __future__ import annotations

import argparse
import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ucal.commands.options import new_parser, share, whole, write_json
from ucal.types import OUTLIER, Image, IntArray

EXAMPLE = """\
  ucal simulate --features f.npz --policy efficient --out run --json result.json
  ucal audit --features f.npz --clusters run/identities.csv --images 100 --json audit.json"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "audit",
        "Draw images uniformly, look up their identities (an oracle does, with the search page that people have), and "
        "bound the shares of wrong and of missed links by Clopper and Pearson. Exit status 1 where a bound is above "
        "--allowed.",
        EXAMPLE,
    )
    parser.add_argument("--features", type=Path, required=True, metavar="NPZ", help="feats, ids and filenames")
    parser.add_argument("--clusters", type=Path, required=True, metavar="CSV", help="a run's identities.csv")
    parser.add_argument("--images", type=whole(1), default=100, help="images drawn (100)")
    parser.add_argument("--pages", type=whole(1), default=2, help="pages of 24 that a search is followed (2)")
    parser.add_argument("--attempt", type=whole(1), default=1, help="the project's how manieth audit (1)")
    parser.add_argument("--allowed", type=share, metavar="SHARE", help="the bounds must not be above this")
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        DataError: the two files do not go together, or the features name no identities.
    """
    from ucal.audit import Seeker, audited, true_shares
    from ucal.datasets.reading import read
    from ucal.errors import EmptyDataError

    dataset = read(args.features, "features")
    if not dataset.has_truth:
        raise EmptyDataError(f"{args.features}: expected an identity (ids) for every row: an oracle looks them up")
    labels = read_clusters(args.clusters, dataset.train)
    features = dataset.features_of("train")
    assert features is not None  # they were read as features
    identities = dataset.identities("train")
    found = audited(labels, Seeker(identities, features, args.pages), args.images, args.seed, args.attempt)
    wrong, missed = true_shares(labels, identities)
    write_json(args.json, dataclasses.asdict(found) | {"true_wrong": wrong, "true_missed": missed})
    print(
        f"with {found.confidence:.1%} confidence at most {found.wrong.upper:.1%} of the links are wrong "
        f"({found.wrong.count} of {found.wrong.n} drawn; truth {wrong:.2%}) and at most {found.missed.upper:.1%} are "
        f"missing ({found.missed.count} of {found.missed.n}; truth {missed:.2%}); "
        f"{found.images} images, {found.actions:,} actions, {found.seconds / 60:.0f} minutes of a person's work"
    )
    return 0 if args.allowed is None or found.passes(args.allowed) else 1


def read_clusters(path: Path, images: Sequence[Image]) -> IntArray:
    """Read identities.csv, columns path and identity (empty = in no cluster), as labels (n,) of these images.

    Raises:
        DataNotFoundError: no such file.
        DataFormatError: other columns, other images, or an identity that is no number.
    """
    import numpy as np

    from ucal.errors import DataFormatError, DataNotFoundError

    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise DataNotFoundError(f"--clusters: expected a run's identities.csv, {path} does not exist") from error
    if not lines or not {"path", "identity"} <= set(lines[0]):
        raise DataFormatError(f"{path}: expected the columns path and identity, and a line for each image")
    given = {line["path"].removeprefix("'"): line["identity"] for line in lines}
    missing = [image.key for image in images if image.key.removeprefix("'") not in given]
    if missing or len(lines) != len(images):
        raise DataFormatError(
            f"{path}: expected the {len(images):,} images of the features, got {len(lines):,} lines"
            + (f", and none for {missing[0]}" if missing else "")
        )
    try:
        labels = [int(given[image.key.removeprefix("'")] or OUTLIER) for image in images]
    except ValueError as error:
        raise DataFormatError(f"{path}: expected whole numbers as identities ({error})") from error
    return np.array(labels, np.int64)
