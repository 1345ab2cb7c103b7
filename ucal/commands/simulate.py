"""`ucal simulate`: a whole run in one process, answered by an oracle."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ucal.config import BackboneName, Base, Policy, RunConfig, parse_setting
from ucal.errors import ConfigError, DataNotFoundError, RunError
from ucal.events import Event, Sink
from ucal.presets import PRESETS, preset

if TYPE_CHECKING:
    from ucal.ranks import Ranks

EXAMPLE = """\
examples:
  ucal simulate --synth 0 --base cluster-contrast --policy ucal --json out.json
  ucal simulate --data ./Market-1501 --base spcl --policy ucal --weights resnet50.safetensors --json out.json
  ucal simulate --features features.npz --policy ucal --json out.json
  torchrun --nproc-per-node 2 -m ucal simulate --data ./Market-1501 --weights imagenet --json out.json
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "simulate",
        help="a whole run in one process with an oracle, no server",
        description="Run UCAL from images (or features) to a labelled set, answering questions from ground truth.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="a data set: folder, zip, CSV manifest")
    source.add_argument("--features", type=Path, help=".npz with feats, ids and optional cams: nothing is trained")
    source.add_argument(
        "--synth", type=int, metavar="SEED", help="generated people with this seed (and the preset `generated`)"
    )
    parser.add_argument("--format", default="auto", help="layout of --data (default: auto)")
    parser.add_argument(
        "--held-out", type=float, default=0.0, metavar="SHARE", help="identities kept for query/gallery"
    )
    parser.add_argument(
        "--identities", type=int, default=120, help="--synth: training identities (half as many held out)"
    )
    parser.add_argument("--cameras", type=int, default=4, help="--synth: cameras")
    parser.add_argument("--images", type=int, default=4, help="--synth: images per identity and camera")
    parser.add_argument("--preset", choices=[p.name for p in PRESETS], help="settings to start from")
    parser.add_argument("--config", type=Path, help="a JSON file of settings")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one setting; may be repeated")
    _add_settings(parser)
    parser.add_argument("--out", type=Path, help="keep the run's folder here; an interrupted run goes on from it")
    parser.add_argument("--json", type=Path, required=True, help="where to write the result")
    parser.set_defaults(run=run)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--base", choices=get_args(Base))
    parser.add_argument("--policy", choices=get_args(Policy))
    parser.add_argument("--snps", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("--mpps", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("--memory", choices=("pair", "closure"))
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--query-from", type=int, dest="query_from")
    parser.add_argument("--budget", type=int, help="answers in the whole run")
    parser.add_argument("--error", type=float, help="oracle: share of wrong answers")
    parser.add_argument("--unsure", type=float, help="oracle: share of unsure answers")
    parser.add_argument("--backbone", choices=get_args(BackboneName))
    parser.add_argument("--weights", help="a file, `start` (packaged, of small) or `imagenet` (fetched)")
    parser.add_argument("--size", metavar="HxW", help="input size, for example 256x128")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--seed", type=int)


def run(args: argparse.Namespace) -> int:
    """Run the command; of several processes that torchrun started, the first runs it and the others help it train."""
    from ucal.ranks import ranks_of_environment

    config = config_of(args)
    with ranks_of_environment(config.device) as ranks:
        (_lead if ranks.rank == 0 else _follow)(args, config, ranks)
    return 0


def _lead(args: argparse.Namespace, config: RunConfig, ranks: Ranks) -> None:
    from ucal.build import Surroundings, build
    from ucal.commands.progress import progress_sink
    from ucal.drive import drive
    from ucal.learners.ranked import END
    from ucal.results import export, result_of
    from ucal.runs import FileLog, FolderStates, RunFolder

    with tempfile.TemporaryDirectory(prefix="ucal-") as scratch:
        root = args.out if args.out is not None else Path(scratch) / "run"
        claim(root, config)
        searches: list[dict[str, Any]] = []
        sink = _keeping(progress_sink(), searches)
        dataset = _dataset(args, config, Path(scratch), sink)
        folder = RunFolder(root)
        around = Surroundings(folder, FileLog(root / "answers.jsonl"), sink=sink, ranks=ranks)
        parts = build(config, dataset, around)
        state = drive(parts, FolderStates(folder))
        export(folder, state, parts, dataset.train)
        if not ranks.alone:
            ranks.tell(END)
        args.json.parent.mkdir(parents=True, exist_ok=True)
        result = result_of(state, parts) | {"searches": searches}
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _keeping(sink: Sink, searches: list[dict[str, Any]]) -> Sink:
    """Add to `searches` what each neighbour search says: the share reused, an approximate engine's shares."""

    def listen(event: Event) -> None:
        if event.name in ("neighbours", "reused"):
            searches.append({"event": event.name} | event.values)
        sink(event)

    return listen


def _follow(args: argparse.Namespace, config: RunConfig, ranks: Ranks) -> None:
    from ucal.build import Surroundings, follow
    from ucal.events import silent
    from ucal.runs import MemoryLog, RunFolder

    with tempfile.TemporaryDirectory(prefix="ucal-") as scratch:
        dataset = _dataset(args, config, Path(scratch), silent)
        follow(config, dataset, Surroundings(RunFolder(Path(scratch)), MemoryLog(), ranks=ranks))


def config_of(args: argparse.Namespace) -> RunConfig:
    """Read the settings: preset, then file, then options, then --set; later ones win.

    Raises:
        ConfigError: an unknown setting or an impossible value.
    """
    name = args.preset or ("generated" if args.synth is not None else None)
    settings: dict[str, Any] = preset(name).config.to_dict() if name else {}
    if args.features is not None:
        settings |= {"train": False, "query_from": 0, "epochs": 10_000}
    settings["annotator"] = "oracle"
    if args.config is not None:
        settings |= _settings_file(args.config)
    names: tuple[str, ...] = (
        "base",
        "policy",
        "snps",
        "mpps",
        "memory",
        "epochs",
        "query_from",
        "budget",
        "error",
        "unsure",
    )
    names += ("backbone", "weights", "device", "seed")
    settings |= {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if args.size is not None:
        settings |= _size(args.size)
    settings |= dict(parse_setting(text) for text in args.set)
    return RunConfig.from_dict(settings)


def _settings_file(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataNotFoundError(f"--config: expected a JSON file of settings, {path} does not exist") from error
    except ValueError as error:
        raise ConfigError(f"--config: expected a JSON file of settings, {path} is not JSON ({error})") from error
    if not isinstance(settings, dict):
        raise ConfigError(f"--config: expected a JSON object of settings, {path} holds a {type(settings).__name__}")
    return settings


def _size(text: str) -> dict[str, int]:
    height, _, width = text.lower().partition("x")
    if not (height.isdigit() and width.isdigit()):
        raise ConfigError(f"--size: expected HxW, for example 256x128, got {text!r}")
    return {"height": int(height), "width": int(width)}


def _dataset(args: argparse.Namespace, config: RunConfig, scratch: Path, sink: Any) -> Any:
    from ucal.datasets.reading import check, read
    from ucal.datasets.split import hold_out

    if args.features is not None:
        return read(args.features, "features")
    if args.synth is not None:
        from ucal.datasets.synth import generate

        path = generate(
            scratch / "synth",
            identities=args.identities,
            cameras=args.cameras,
            images=args.images,
            height=config.height,
            width=config.width,
            seed=args.synth,
            sink=sink,
        )
        return read(path, "market1501")
    dataset, report = check(args.data, args.format)
    for text in report.notices:
        sink(Event("warning", {"text": text}))
    return hold_out(dataset, args.held_out, seed=0) if args.held_out > 0 else dataset


def claim(root: Path, config: RunConfig) -> None:
    """Make the run's folder, or go on in it when it was made by the same settings.

    Raises:
        RunError: it holds other files, or a run with other settings.
    """
    root.mkdir(parents=True, exist_ok=True)
    path = root / "config.json"
    text = json.dumps(config.to_dict(), indent=1) + "\n"
    if not path.exists():
        if any(root.iterdir()):
            raise RunError(f"--out: expected an empty folder or one of an interrupted run, {root} holds other files")
        path.write_text(text, encoding="utf-8")
    elif not _is_same(path, config):
        raise RunError(f"--out: {root} holds a run with other settings: give another folder, or the same settings")


def _is_same(path: Path, config: RunConfig) -> bool:
    """Compare with saved settings; a setting that was not there yet when they were saved has its default."""
    try:
        return RunConfig.from_dict(json.loads(path.read_text(encoding="utf-8"))) == config
    except (ValueError, TypeError, ConfigError):
        return False
