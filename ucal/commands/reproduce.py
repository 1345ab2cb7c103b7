"""`ucal reproduce`: a run of the server once more from its snapshot; says whether the clusters are the same."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ucal.commands.options import new_parser, write_json

if TYPE_CHECKING:
    from ucal.datasets.dataset import Dataset
    from ucal.loop import Parts
    from ucal.reproducing import Recorded, Snapshot

EXAMPLE = """\
  ucal reproduce run-snapshot.zip --data ./yard --json again.json
  ucal reproduce run-snapshot.zip --data market.zip --device cpu"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "reproduce",
        "Run again what a snapshot holds, with the recorded answers in people's place, and compare each round's "
        "clusters with the recorded ones. Exit status 1 where they differ, or where no round was finished.",
        EXAMPLE,
    )
    parser.add_argument("snapshot", type=Path, help="the zip that a run's page gives (Downloads, or the API)")
    parser.add_argument("--data", type=Path, required=True, help="the same images: folder, zip, CSV manifest")
    parser.add_argument("--format", help="layout of --data (default: as the project was read)")
    parser.add_argument("--weights", help="where the start weights lie here")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--out", type=Path, help="keep the run's folder here")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the comparison")


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        DataError: no snapshot, none of a finished round, or other images than its own.
    """
    from ucal.build import Surroundings, build
    from ucal.commands.progress import progress_sink
    from ucal.program import running
    from ucal.reproducing import compared, read_snapshot, refuse_other_images, reproduce
    from ucal.results import export
    from ucal.runs import FileLog, RunFolder

    snapshot = read_snapshot(args.snapshot)
    dataset = _images(args.data, args.format or snapshot.about["format"] or "auto", snapshot)
    refuse_other_images(snapshot, dataset)
    here = running()
    if snapshot.program.differs(here):
        print(f"the snapshot was written by UCAL {snapshot.program}; this is {here}: their clusters may differ")
    own = {name: getattr(args, name) for name in ("weights", "device") if getattr(args, name) is not None}
    snapshot = dataclasses.replace(snapshot, config=snapshot.config.replace(annotator="people", **own))
    with tempfile.TemporaryDirectory(prefix="ucal-") as scratch:
        folder = RunFolder(args.out if args.out is not None else Path(scratch) / "run")
        log = FileLog(folder.root / "answers.jsonl")

        def make(recorded: Recorded) -> Parts:
            around = Surroundings(folder, log, recorded, sink=progress_sink(), proceed=recorded.proceed)
            return build(snapshot.config, dataset, around)

        state, recorded = reproduce(snapshot, make, log)
        found = compared(snapshot, state, log.read(), recorded)
        if args.out is not None:
            export(folder, state, make(recorded), dataset.train)
    if args.json is not None:
        write_json(args.json, found | {"commit_again": here.commit})
    for one in found["rounds"]:
        word = "same" if one["recorded"] == one["again"] else "different"
        print(f"round {one['round'] + 1}: {word} clusters ({one['recorded'][:12]}, {(one['again'] or 'none')[:12]})")
    print(f"{found['heard']} of {found['events']} recorded events were heard")
    return 0 if found["equal"] else 1


def _images(path: Path, format: str, snapshot: Snapshot) -> Dataset:
    """Read the images; what a pattern of one's own told of them is in the snapshot, the pattern is not."""
    from ucal.datasets.manifest import read_listed
    from ucal.datasets.reading import check
    from ucal.datasets.tree import file_tree
    from ucal.errors import DataNotFoundError

    if format != "pattern":
        return check(path, format)[0]
    if not path.exists():
        raise DataNotFoundError(f"{path}: no such file or folder")
    return read_listed(file_tree(path), snapshot.listing, "images.csv of the snapshot", path.stem)
