"""What share of an epoch is not spent in the network: gather, transfer, augment, normalise; prints a table.

    python benchmarks/loader.py                                  # the small net at 64x32, 1,920 generated pictures
    python benchmarks/loader.py --device cuda --backbone resnet50 --size 256x128 --precision bf16

Each batch's work is timed by itself, in the order and with the calls of a training step, waiting for the device
after each part: the sum of the parts is an epoch in which nothing overlaps, so on a GPU, where pictures are
there already or copied while it works, the share is an upper bound. Times on a CPU are CPU seconds of all threads, on
a GPU wall seconds. Decoding is done once in a run; its cost is given beside it as if it were spread over --epochs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np


class Clock:
    """Seconds by part; waits for the device at each end."""

    def __init__(self, device: str) -> None:
        self.device, self.seconds = device, {}
        self._last = self._now()

    def _now(self) -> float:
        if self.device == "cpu":
            return time.process_time()
        import torch

        torch.cuda.synchronize()
        return time.perf_counter()

    def end(self, part: str) -> None:
        now = self._now()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._last
        self._last = now


def decoded(args: argparse.Namespace, clock: Clock) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw people, or read --data, and give pixels, identities and cameras; only decoding is timed."""
    from ucal.datasets import read
    from ucal.datasets.opening import load_pixels
    from ucal.datasets.synth import generate

    height, width = (int(side) for side in args.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        data = args.data or generate(
            Path(folder) / "set",
            identities=args.identities,
            cameras=4,
            images=4,
            height=height,
            width=width,
            seed=0,
        )
        dataset = read(data, args.format)
        clock.end("drawing")
        pixels, bad = load_pixels(dataset.train, height, width)
        clock.end("decode, once")
    if bad:
        raise SystemExit(f"{len(bad)} pictures do not open, first {bad[0].path}: {bad[0].reason}")
    return pixels, dataset.identities("train"), dataset.cameras("train")


def epochs(args: argparse.Namespace, clock: Clock) -> int:
    """Train; give the number of pictures of an epoch."""
    import torch

    from ucal.backbones.embed import normalise, precision_of
    from ucal.backbones.pictures import Pictures
    from ucal.config import RunConfig
    from ucal.learners.augment import Augment, changed
    from ucal.learners.cluster_contrast import ClusterContrast
    from ucal.learners.learner import ImageLearner
    from ucal.learners.sampler import pk_batches

    pixels, identities, cameras = decoded(args, clock)
    device = torch.device(args.device)
    height, width = pixels.shape[1:3]
    weights = "start" if args.backbone == "small" else None
    config = RunConfig(
        backbone=args.backbone,
        weights=weights,
        height=height,
        width=width,
        precision=args.precision,
        device=args.device,
    )
    learner = ImageLearner(config, pixels, cameras)
    model = learner.model.train()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, fused=args.device == "cuda")
    pictures, augment = Pictures(pixels, device, ahead=0), Augment(config.flip, args.pad, args.erase)
    target = torch.from_numpy(identities).to(device)
    contrast = ClusterContrast(
        torch.from_numpy(learner.features()).to(device), target, tau=0.05, momentum=None, hard=False
    )
    generator = torch.Generator().manual_seed(0)
    for epoch in range(args.epochs + 1):  # the first one warms up
        if epoch < 2:
            clock.seconds = {part: clock.seconds[part] for part in ("decode, once",)}
        batches = pk_batches(identities, cameras, np.random.default_rng(epoch), 16, 4, args.iterations)
        clock.end("rest")
        for rows in batches:
            clock.end("sample")
            batch = next(pictures.batches([rows]))
            clock.end("gather, transfer")
            changes = augment.draw(len(rows), height, width, generator)
            moved = changed(batch, changes)
            clock.end("augment")
            ready = normalise(moved)
            clock.end("normalise")
            index = torch.from_numpy(rows).to(device)
            with precision_of(device, config.precision):
                features = model(ready)
            loss = contrast.loss(features, index)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            clock.end("network")
            contrast.update(features, index)
            clock.end("memory")
    return args.iterations * 64


def report(clock: Clock, pictures: int, count: int) -> None:
    """Print the table, a row a part."""
    parts = {part: clock.seconds[part] / count for part in ("sample", "gather, transfer", "augment", "normalise")}
    parts["decode, spread over the epochs"] = clock.seconds["decode, once"] / count
    outside = sum(parts.values())
    parts |= {part: clock.seconds[part] / count for part in ("network", "memory")}
    whole = sum(parts.values())
    print("| part | ms an epoch | share |\n|---|---|---|")
    for part, seconds in parts.items():
        print(f"| {part} | {1000 * seconds:.1f} | {100 * seconds / whole:.1f} % |")
    print(f"\noutside the network: {100 * outside / whole:.1f} % of {whole:.2f} s for {pictures:,} pictures")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a data set; without it people are drawn")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--identities", type=int, default=120, help="drawn people (120), 16 pictures of each")
    parser.add_argument("--size", default="64x32", metavar="HxW")
    parser.add_argument("--backbone", default="small")
    parser.add_argument("--precision", default="auto", choices=("float32", "bf16", "auto"))
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--iterations", type=int, default=30)
    parser.add_argument("--pad", type=int, default=2)
    parser.add_argument("--erase", type=float, default=0.0)
    args: Any = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import torch

    torch.set_num_threads(1)
    clock = Clock(args.device)
    pictures = epochs(args, clock)
    report(clock, pictures, args.epochs)


if __name__ == "__main__":
    main()
