"""`ucal data check`: read a data set, open every image, say what was found."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ucal.commands.options import new_parser, write_json

if TYPE_CHECKING:
    from ucal.datasets import CheckReport

SHOWN = 20  # bad files named on the screen
EXAMPLE = """\
  ucal data check ./Market-1501
  ucal data check photos.zip --json report.json"""
_FORMATS = "auto, market1501, dukemtmc, msmt17, veri776, folder, manifest, omniglot, omniglot-small, features"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(subparsers, "data", "Look at data sets.", EXAMPLE)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = new_parser(
        actions,
        "check",
        "Read a data set, open every image, and say what it holds and which files cannot be used, and why.",
        EXAMPLE,
    )
    check.add_argument("path", metavar="PATH", type=Path, help="a folder, a .zip, a .csv manifest or an .npz")
    check.add_argument("--format", default="auto", metavar="NAME", help=f"one of {_FORMATS}")
    check.add_argument("--json", type=Path, metavar="OUT", help="write the report, every bad file included")
    check.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from ucal.commands.progress import progress_sink
    from ucal.datasets import check

    _, report = check(args.path, args.format, sink=progress_sink())
    write_json(args.json, report.to_json())
    print("\n".join(_lines(report)))
    return 0


def _lines(report: CheckReport) -> list[str]:
    from ucal.datasets.published import PUBLISHED

    lines = [f"{report.name}: format {report.format}, cameras {report.cameras or 'unknown'}"]
    for split, images in report.images.items():
        if images:
            known, unknown = report.identities[split], report.unlabelled[split]
            lines.append(f"  {split:<8}{images:>8,} images  {known:>6,} identities  {unknown:>6,} unlabelled")
    if report.differences is not None:
        title = PUBLISHED[report.format].title
        lines += [f"  not the published counts of {title}: {text}" for text in report.differences]
        lines += [] if report.differences else [f"  the counts are the published ones of {title}"]
    lines += [f"  notice: {text}" for text in report.notices]
    lines.append(f"  bad files {len(report.bad):,}")
    lines += [f"    {file.path}: {file.reason}" for file in report.bad[:SHOWN]]
    if len(report.bad) > SHOWN:
        lines.append(f"    and {len(report.bad) - SHOWN:,} more: --json lists them all")
    return lines
