"""`ucal benchmark`: a paper's table, or one of ours, with our rows beside the published ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ucal.benchmark.plan import Choice, Plan, make_plan
from ucal.benchmark.presets import BENCHMARKS, Benchmark, benchmark
from ucal.commands.options import new_parser, whole
from ucal.config import parse_setting
from ucal.errors import DataError, EmptyDataError, RunError

if TYPE_CHECKING:
    from ucal.benchmark.running import Source
    from ucal.benchmark.workplace import Result, Workplace
    from ucal.datasets.dataset import Dataset
    from ucal.events import Sink

EXAMPLE = """\
  ucal benchmark --preset generated --seeds 0,1,2 --jobs 2 --out runs/generated
  ucal benchmark --data ./Market-1501 --preset market1501-table2 --seeds 0,1,2 --threads 0 --out runs/market
  ucal benchmark --data features.npz --preset effort --seeds 0,1,2 --set error=0.02 --out runs/effort
  ucal benchmark --data ./omniglot --preset omniglot-small --bases cluster-contrast,spcl --out runs/omniglot
Finished cells are kept: the same command goes on where it stopped, and more seeds or variants join what is there."""
GENERATED = {"identities": 120, "cameras": 4, "images": 4}


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "benchmark",
        "Run the variants of a table, some seeds each, and write the table (Markdown, JSON) and the curves over the "
        "labelling cost (CSV, SVG, PNG) with the published figures beside ours. The last epoch is the result.\n\n"
        "presets:\n" + "\n".join(f"  {b.name:<28}{b.title}" for b in BENCHMARKS),
        EXAMPLE,
    )
    parser.add_argument("--preset", required=True, choices=[b.name for b in BENCHMARKS], metavar="NAME")
    parser.add_argument(
        "--data", type=Path, metavar="PATH", help="the collection; without it `generated` makes its own"
    )
    parser.add_argument("--format", metavar="NAME", help="layout of --data (the preset's)")
    parser.add_argument("--seeds", type=_seeds, default=(0, 1, 2), metavar="N,N", help="(0,1,2)")
    parser.add_argument("--variants", type=_names, metavar="A,B", help="which rows (all but the optional ones)")
    parser.add_argument("--bases", type=_names, metavar="A,B", help="on which bases (the preset's)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one setting, in all runs")
    parser.add_argument("--weights", metavar="FILE", help="as --set weights=FILE")
    parser.add_argument("--jobs", type=whole(1, 1024), default=1, help="runs side by side (1)")
    parser.add_argument("--threads", type=whole(0, 4096), default=1, help="CPU threads a run; 0 = all cores (1)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="results; an earlier one goes on")


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        RunError: some cells failed; the table of the others is written.
    """
    from ucal.benchmark.running import Runner
    from ucal.benchmark.workplace import Workplace
    from ucal.commands.progress import progress_sink
    from ucal.events import Event

    chosen = benchmark(args.preset)
    overrides = [parse_setting(text) for text in args.set]
    overrides += [("weights", args.weights)] if args.weights is not None else []
    plan = make_plan(chosen, Choice(args.seeds, args.variants, args.bases, tuple(overrides), args.threads))
    for refused in plan.refused:
        _say(f"refused: {refused.variant} on {refused.base}: {refused.reason}")
    workplace, sink = Workplace(args.out), progress_sink()
    source, comparable = _prepare(args, plan, workplace, sink)

    def on_done(done: int, total: int) -> None:
        sink(Event("progress", {"what": "cells", "done": done, "total": total}))

    failures = Runner(workplace, source, args.jobs, _say, on_done).run(plan.cells)
    found = [(cell.id, workplace.finished(cell)) for cell in plan.cells]
    results = {name: result for name, result in found if result is not None}
    if chosen.measures == "effort":
        _write_effort(workplace, plan, results, source)
    else:
        _write(workplace, plan, results, comparable)
    if failures:
        raise RunError(f"{len(failures)} of {len(plan.cells)} cells failed, first {failures[0].reason}")
    return 0


def _prepare(
    args: argparse.Namespace, plan: Plan, workplace: Workplace, sink: Sink
) -> tuple[Source, tuple[str, ...] | None]:
    """Claim the folder and give the data's source, and how the data differ from the published ones."""
    from ucal.benchmark.running import Source
    from ucal.benchmark.workplace import fingerprint
    from ucal.datasets.reading import read, report_on

    chosen = plan.benchmark
    format = args.format or chosen.format
    if args.data is None:
        if not chosen.generated:
            raise DataError(f"--data: expected the collection of {chosen.title} ({chosen.format} layout)")
        workplace.claim({"preset": chosen.name, "data": {"generated": GENERATED}})
        _generate(plan, workplace, sink)
        if chosen.measures == "effort":
            return _embedded(plan, workplace, sink), None
        return Source(workplace.data, "market1501", 0.0), None
    dataset = read(args.data, format)
    report = report_on(dataset)
    _refuse(dataset, chosen)
    if chosen.measures == "effort" and dataset.features is None:
        raise DataError(f"--data: expected features (.npz, made by `ucal embed`), {args.data} holds images")
    for text in (*report.notices, *(f"not as published: {text}" for text in report.differences or ())):
        _say(text)
    workplace.claim({"preset": chosen.name, "data": fingerprint(dataset)})
    held_out = 0.0 if dataset.has_evaluation else chosen.held_out
    return Source(lambda seed: args.data, format, held_out), report.differences


def _refuse(dataset: Dataset, chosen: Benchmark) -> None:
    """Refuse data on which no figure can be measured."""
    if not dataset.has_truth:
        raise EmptyDataError(f"{dataset.name}: expected an identity for every training image: an oracle answers")
    if chosen.measures == "retrieval" and not dataset.has_evaluation and not chosen.held_out:
        raise EmptyDataError(f"{dataset.name}: expected query and gallery, to measure mAP on")


def _generate(plan: Plan, workplace: Workplace, sink: Sink) -> None:
    """Make the generated set of each seed that is not there, whole or not at all."""
    import shutil

    from ucal.datasets.synth import generate

    config = plan.cells[0].config
    for seed in dict.fromkeys(cell.seed for cell in plan.cells):
        path = workplace.data(seed)
        if path.exists():
            continue
        part = path.with_name(f".{path.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        generate(part, **GENERATED, height=config.height, width=config.width, seed=seed, sink=sink)
        part.rename(path)


def _embedded(plan: Plan, workplace: Workplace, sink: Sink) -> Source:
    """Embed the generated sets with the packaged start weights, each once."""
    from ucal.backbones import build
    from ucal.backbones.embed import embed, pick_device
    from ucal.benchmark.running import Source
    from ucal.config import RunConfig
    from ucal.datasets.features import save_features
    from ucal.datasets.opening import load_pixels
    from ucal.datasets.reading import read

    config = RunConfig(backbone="small", weights="start", height=64, width=32)
    for seed in dict.fromkeys(cell.seed for cell in plan.cells):
        out = workplace.data(seed).with_suffix(".npz")
        if not out.exists():
            dataset = read(workplace.data(seed), "market1501")
            pixels, _ = load_pixels(dataset.train, config.height, config.width, sink=sink)
            device = pick_device(config.device)
            save_features(out, embed(build(config).to(device), pixels, device=device, sink=sink), dataset)
    return Source(lambda seed: workplace.data(seed).with_suffix(".npz"), "features", 0.0)


def _write_effort(workplace: Workplace, plan: Plan, results: dict[str, Result], source: Source) -> None:
    from ucal.benchmark.effort import curves_of, draw, fewest_pairs, to_csv, to_json, to_markdown
    from ucal.datasets.reading import read

    curves = curves_of(plan, results)
    data = read(source.path(plan.cells[0].seed), "features")
    least = fewest_pairs(data.identities("train").tolist())
    table = to_markdown(plan, curves, least)
    workplace.write_text("table.md", table)
    workplace.write_json("results.json", to_json(plan, curves, least))
    workplace.write_text("curves.csv", to_csv(curves))
    print(table)
    _drawn(lambda: draw(curves, plan.benchmark.title, workplace.root) if curves else ())
    _say(f"written: {workplace.root}/table.md, results.json, curves.csv and curves.svg, curves.png")


def _write(workplace: Workplace, plan: Plan, results: dict[str, Result], comparable: Sequence[str] | None) -> None:
    from ucal.benchmark.curves import draw, points_of, to_csv
    from ucal.benchmark.table import rows_of, to_json, to_markdown

    rows, points = rows_of(plan, results), points_of(plan, results)
    table = to_markdown(plan, rows, comparable)
    workplace.write_text("table.md", table)
    workplace.write_json("results.json", to_json(plan, rows, comparable))
    workplace.write_text("curves.csv", to_csv(points))
    print(table)
    _drawn(lambda: draw(points, plan.benchmark.title, workplace.root) if points else ())
    _say(f"written: {workplace.root}/table.md, results.json, curves.csv and curves.svg, curves.png")


def _drawn(draw: Callable[[], tuple[Path, ...]]) -> None:
    try:
        draw()
    except ModuleNotFoundError as error:
        _say(f"no figures ({error.name} is not installed: pip install 'ucal[figures]'); curves.csv holds the points")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _seeds(text: str) -> tuple[int, ...]:
    read = whole(0)
    seeds = tuple(read(part) for part in text.split(","))
    if len(set(seeds)) != len(seeds):
        raise argparse.ArgumentTypeError(f"expected every seed once, got {text!r}")
    return seeds


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
