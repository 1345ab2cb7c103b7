"""Seconds that UCAL's question generation takes on drawn rows at a collection's size; prints Markdown.

    python benchmarks/questions.py                      # Market-1501's training size
    python benchmarks/questions.py --size 32621x2048

Rows are drawn as in `clustering.py`; clusters are DBSCAN's at eps 0.6. The
best of three turns is given, after one that compiles.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.clustering import drawn
from ucal.clustering import make_clusterer
from ucal.config import RunConfig
from ucal.memory import LabelMemory
from ucal.proposers.mpps import propose_merges
from ucal.proposers.snps import propose_splits
from ucal.seams import Scene
from ucal.types import OUTLIER


def best(work: Callable[[], Sequence[Any]]) -> tuple[float, float, int]:
    """Give the least wall and CPU seconds of three turns, and how many questions came."""
    work()
    turns = []
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        found = len(work())
        turns.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(turn[0] for turn in turns), min(turn[1] for turn in turns), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="12936x2048", metavar="NxD")
    parser.add_argument("--fall", type=float, default=0.5, help="direction i has the scale i^-FALL (0.5)")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    import torch

    torch.set_num_threads(args.threads)
    n, d = (int(word) for word in args.size.split("x"))
    rows, _ = drawn(n, d, fall=args.fall)
    config = RunConfig()
    labels = make_clusterer(config)(rows, None).labels
    scene = Scene(0, "split", rows, labels, LabelMemory(n, "closure", ()))
    sizes = np.bincount(labels[labels != OUTLIER])
    print(f"{n:,} x {d}: {len(sizes):,} clusters, the largest of {sizes.max():,} rows; {args.threads} thread(s)\n")
    print("| questions | how many | wall s | CPU s |")
    print("|---|---|---|---|")
    for name, propose in (("splits (SNPS)", propose_splits), ("merges (MPPS)", propose_merges)):
        wall, cpu, found = best(lambda propose=propose: propose(scene, config))  # type: ignore[misc]
        print(f"| {name} | {found:,} | {wall:.2f} | {cpu:.2f} |", flush=True)


if __name__ == "__main__":
    main()
