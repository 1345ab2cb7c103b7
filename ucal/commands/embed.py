"""`ucal embed`: features of anybody's images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ucal.commands.options import new_parser, size, whole
from ucal.config import BackboneName, RunConfig
from ucal.errors import ConfigError, EmptyDataError
from ucal.events import Sink
from ucal.types import FloatArray

if TYPE_CHECKING:
    from ucal.datasets.dataset import Dataset, Split

EXAMPLE = """\
  ucal embed --data ./people --out train.npz
  ucal embed --data ./people --split query --out query.npz
  ucal embed --data photos.zip --backbone mobilenet-v2 --weights mobilenet.safetensors --size 224x224 --out f.npz"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "embed",
        "Embed images: arrays feats (n, d) with rows of length 1, ids, cams and filenames. Images that do not open "
        "are left out and named.",
        EXAMPLE,
    )
    parser.add_argument("--data", type=Path, required=True, metavar="PATH", help="a folder, .zip or .csv manifest")
    parser.add_argument("--format", default="auto", metavar="NAME", help="layout of the data (auto)")
    parser.add_argument("--split", choices=("train", "query", "gallery"), default="train", help="which images (train)")
    parser.add_argument("--backbone", choices=get_args(BackboneName), default="small", help="(small)")
    parser.add_argument("--weights", metavar="FILE", help="safetensors or torchvision state dict; small has its own")
    parser.add_argument("--size", type=size, metavar="HxW", help="input pixels (small 64x32, others 256x128)")
    parser.add_argument("--pooling", choices=("gap", "gem"), default="gap", help="(gap)")
    parser.add_argument("--batch", type=whole(1, 1_000_000), default=256, help="images per forward pass (256)")
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32", help="(float32)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(auto)")
    parser.add_argument("--out", type=Path, required=True, metavar="NPZ", help="where to write the features")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from ucal.commands.progress import progress_sink
    from ucal.datasets import check
    from ucal.datasets.features import save_features

    config = config_of(args)
    sink = progress_sink()
    dataset, report = check(args.data, args.format, sink=sink)
    for file in report.bad:
        print(f"left out {file.path}: {file.reason}")
    images = dataset.images(args.split)
    if not images or dataset.features is not None:
        came = "features already" if dataset.features is not None else f"none in split {args.split!r}"
        raise EmptyDataError(f"{args.data}: expected images to embed, got {came}")
    features = _embed(dataset, config, args.split, sink)
    save_features(args.out, features, dataset, args.split)
    print(f"{args.out}: {features.shape[0]:,} rows of {features.shape[1]}")
    return 0


def config_of(args: argparse.Namespace) -> RunConfig:
    """Read the options as the settings of a run.

    Raises:
        ConfigError: a backbone without weights: its features would mean nothing.
    """
    weights = args.weights or ("start" if args.backbone == "small" else None)
    if weights is None:
        raise ConfigError(f"--weights: expected a file for {args.backbone}; only small comes with weights of its own")
    height, width = args.size or ((64, 32) if args.backbone == "small" else (256, 128))
    return RunConfig(
        backbone=args.backbone,
        weights=weights,
        height=height,
        width=width,
        pooling=args.pooling,
        precision=args.precision,
        embed_batch=args.batch,
        device=args.device,
    )


def _embed(dataset: Dataset, config: RunConfig, split: Split, sink: Sink) -> FloatArray:
    from ucal.backbones import build
    from ucal.backbones.embed import embed, pick_device
    from ucal.datasets.opening import load_pixels

    device = pick_device(config.device)
    model = build(config).to(device)
    pixels, _ = load_pixels(dataset.images(split), config.height, config.width, sink=sink)
    return embed(model, pixels, batch=config.embed_batch, precision=config.precision, sink=sink)
