"""The clustering step on a GPU, phase by phase, beside the floor that bytes and operations set; prints Markdown.

    python benchmarks/gpu_clustering.py                      # Market and MSMT17 size, a million 256-d rows, evaluation
    python benchmarks/gpu_clustering.py --sizes 12936x2048   # one size

Needs CUDA and exits with 1 without it. `--device cpu:0 --sizes 2000x64` runs the same code on a CPU, to see that it
works: those times say nothing of a GPU.

Floors. The device's own rates are measured first: float32 products (a 4096 x 4096 x d tile, TF32 off), float64
products, and copies (1 GB read and written). Neighbours: 2 n^2 d operations at the float32 rate, and each similarity
written once and read once. Distance: of every meeting of two rows at a column, 16 bytes (pair, value) written and read
once, and of every weight one row of features read. Labels: each pair read once a radius. Evaluation: 2 q g d
operations at the float64 rate. A floor is what no program could go under that makes these numbers at all.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.clustering import GALLERY, QUERIES, RADII, drawn
from ucal.evaluation import retrieval
from ucal.neighbours import checked_features
from ucal.on_device.jaccard import averaged, expanded, mirrored, near_pairs, softmax_weights
from ucal.on_device.labels import dbscan_on, self_paced_on
from ucal.on_device.neighbours import nearest_on
from ucal.products import full_float32
from ucal.seams import never

SIZES = ((12_936, 2048), (32_621, 2048), (1_000_000, 256))


class Watch:
    """Wall seconds of phases on a device, its queue emptied before each look at the clock."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.phases = device, {}
        self._mark = self._now()

    def end(self, phase: str) -> None:
        now = self._now()
        self.phases[phase], self._mark = now - self._mark, now

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def best_seconds(work: Callable[[], Any], device: torch.device) -> float:
    """Give the least time of five turns, after one that is not counted."""
    work()
    seconds = []
    for _ in range(5):
        watch = Watch(device)
        work()
        watch.end("one")
        seconds.append(watch.phases["one"])
    return min(seconds)


def rates(device: torch.device, d: int, side: int) -> dict[str, float]:
    """Measure operations a second of products with d numbers a row, and bytes a second of copies."""
    found = {}
    for name, dtype in (("float32", torch.float32), ("float64", torch.float64)):
        tile = torch.randn(side, d, device=device, dtype=dtype)
        with full_float32():
            found[name] = 2 * side**2 * d / best_seconds(lambda tile=tile: tile @ tile.T, device)
    source = torch.empty(side * side * 32, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    found["bytes"] = 2 * source.numel() / best_seconds(lambda: target.copy_(source), device)
    return found


def measured(n: int, d: int, device: torch.device, side: int) -> tuple[dict[str, float], dict[str, float], int, int]:
    """Give seconds by phase, floors by phase, the clusters, and the peak bytes on the device."""
    rows = checked_features(drawn(n, d)[0])
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    speed = rates(device, d, side)
    watch = Watch(device)
    ids = nearest_on(device, rows, min(30, n), 2048, never, never)
    watch.end("neighbours")
    matrix = torch.from_numpy(rows).to(device)
    lists = torch.from_numpy(ids.astype(np.int32)).to(device)
    weights = softmax_weights(matrix, *expanded(lists, 30))
    spread = averaged(weights, lists[:, :6])
    distance = mirrored(near_pairs(spread, RADII[-1]))
    watch.end("distance")
    tight, own, loose = (dbscan_on(distance, eps, 4) for eps in RADII)
    self_paced_on(own, tight, loose, None)
    watch.end("labels")
    columns = torch.bincount(spread.ids, minlength=n).double()
    meetings = float((columns * (columns + 1) / 2).sum())
    floors = {
        "neighbours": max(2 * n * n * d / speed["float32"], 8 * n * n / speed["bytes"]),
        "distance": (32 * meetings + 4 * d * len(weights.ids)) / speed["bytes"],
        "labels": len(RADII) * 8 * len(distance.ids) / speed["bytes"],
    }
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return watch.phases, floors, int(own.max()) + 1, peak


def evaluation(device: torch.device, side: int, shrink: int) -> None:
    """Print the seconds of the standard protocol at Market's size and their floor."""
    queries, gallery, d = QUERIES // shrink, GALLERY // shrink, 2048 // shrink
    rows, identities = drawn(queries + gallery, d)
    cameras = np.random.default_rng(1).integers(0, 6, len(rows))
    case = [part for array in (rows, identities, cameras) for part in (array[:queries], array[queries:])]
    seconds = best_seconds(lambda: retrieval(*case, device=str(device)), device)
    floor = 2 * queries * gallery * d / rates(device, d, side)["float64"]
    print(f"\nEvaluation, {queries:,} x {gallery:,} x {d}: {seconds:.3f} s, floor {floor:.3f} s (transfers included).")


def table(sizes: list[tuple[int, int]], device: torch.device, side: int) -> None:
    """Print seconds over floors, each row as it is measured."""
    print(
        "| size | neighbours s (floor) | distance s (floor) | labels s (floor) | all s | clusters | GB on the device |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    measured(2000, 64, device, 256)  # loads the kernels
    for n, d in sizes:
        phases, floors, clusters, peak = measured(n, d, device, side)
        cells = " | ".join(f"{phases[name]:.2f} ({floors[name]:.2f})" for name in phases)
        print(f"| {n:,} x {d} | {cells} | {sum(phases.values()):.2f} | {clusters:,} | {peak / 2**30:.1f} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=[f"{n}x{d}" for n, d in SIZES], metavar="NxD")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu:0 to try the script (cuda)")
    args = parser.parse_args()
    device = torch.device(args.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print(
            "gpu_clustering: expected a CUDA device that torch can use, found none: nothing was measured",
            file=sys.stderr,
        )
        return 1
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU (a trial: no figure of a GPU)"
    print(f"{name}, torch {torch.__version__}\n")
    trial = device.type != "cuda"
    table([(int(n), int(d)) for n, d in (size.split("x") for size in args.sizes)], device, 256 if trial else 4096)
    evaluation(device, 256 if trial else 4096, 8 if trial else 1)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
