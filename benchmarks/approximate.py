"""How far the approximate neighbour searches' labels are from the exact ones; prints Markdown.

    python benchmarks/approximate.py --features F.npz       # anybody's features
    python benchmarks/approximate.py --drawn 12936x2048     # drawn rows, whose spectrum falls as `--fall` says

Each engine's lists and its DBSCAN labels (eps 0.6) are compared with the exact ones over all rows, not a sample.
`in other company` is the share of rows whose cluster has not exactly the same members; `pairs F1` compares the pairs
that the two partitions put together.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.clustering import differing, drawn
from ucal.clustering import dbscan
from ucal.evaluation import pairwise
from ucal.jaccard import distance_of_ranks
from ucal.neighbours import Effort, Engine, nearest_ids

TRIED: tuple[tuple[str, Engine, Effort], ...] = (
    ("screened, 128 numbers, 64 candidates", "screened", Effort()),
    ("screened, 128 numbers, 128 candidates", "screened", Effort(candidates=128)),
    ("screened, 256 numbers, 64 candidates", "screened", Effort(length=256)),
    ("screened, 256 numbers, 128 candidates", "screened", Effort(length=256, candidates=128)),
    ("screened, 512 numbers, 128 candidates", "screened", Effort(length=512, candidates=128)),
    ("faiss-ivf, 32 lists", "faiss-ivf", Effort()),
    ("faiss-ivf, 128 lists", "faiss-ivf", Effort(probes=128)),
    ("faiss-hnsw, efSearch 128", "faiss-hnsw", Effort()),
    ("faiss-hnsw, efSearch 512", "faiss-hnsw", Effort(links=512)),
)


def beyond(rows: np.ndarray, length: int) -> float:
    """Give the share of a sample's square sum that lies outside its best `length` directions."""
    squares = np.linalg.svd(rows[:: max(1, len(rows) // 3000)], compute_uv=False) ** 2
    return float(squares[length:].sum() / squares.sum())


def table(rows: np.ndarray, engines: list[str]) -> None:
    """Print the table, each row as it is measured."""
    nearest_ids(rows[:1500], 30)  # compiles
    print("| search | CPU s | neighbours missed | the sampled check said | rows in other company | pairs F1 |")
    print("|---|---|---|---|---|---|", flush=True)
    exact, seconds, _ = searched(rows, "torch", Effort())
    labels = labels_of(rows, exact)
    print(f"| exact ({labels.max() + 1:,} clusters) | {seconds:.1f} | - | - | - | - |", flush=True)
    alone = np.where(labels < 0, np.arange(len(labels)) + labels.max() + 1, labels)
    for name, engine, effort in TRIED:
        if engine in engines:
            ids, seconds, said = searched(rows, engine, effort)
            found = labels_of(rows, ids)
            print(
                f"| {name} | {seconds:.1f} | {100 * (1 - common(exact, ids) / exact.size):.2f} % | "
                f"{100 * said['missed']:.2f} % | {100 * differing(found, labels):.2f} % | "
                f"{pairwise(found, alone).f1:.4f} |",
                flush=True,
            )


def searched(rows: np.ndarray, engine: Engine, effort: Effort) -> tuple[np.ndarray, float, dict[str, Any]]:
    """Give the lists, the CPU seconds (its own sampled check included), and what the engine said of itself."""
    said: dict[str, Any] = {}
    began = time.process_time()
    ids = nearest_ids(
        rows,
        30,
        engine=engine,
        effort=effort,
        sink=lambda event: said.update(event.values) if event.name == "neighbours" else None,
    )
    return ids, time.process_time() - began, said


def labels_of(rows: np.ndarray, ids: np.ndarray) -> np.ndarray:
    return dbscan(distance_of_ranks(rows, ids), 0.6, 4)


def common(a: np.ndarray, b: np.ndarray) -> int:
    """Count the entries that each row of a (n, k) shares with b's."""
    offset = np.arange(len(a))[:, None] * len(a)
    return len(np.intersect1d((a + offset).ravel(), (b + offset).ravel(), assume_unique=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--features", type=Path, metavar="NPZ")
    source.add_argument("--drawn", metavar="NxD")
    parser.add_argument("--fall", type=float, default=0.8, help="--drawn: direction i has the scale i^-FALL (0.8)")
    parser.add_argument("--engines", nargs="+", default=["screened", "faiss-ivf", "faiss-hnsw"])
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    import torch

    torch.set_num_threads(args.threads)
    if args.features is not None:
        from ucal.datasets.features import load_features

        rows = load_features(args.features).rows
    else:
        n, d = (int(word) for word in args.drawn.split("x"))
        rows, _ = drawn(n, d, fall=args.fall)
    shares = ", ".join(f"{100 * beyond(rows, length):.1f} % beyond {length}" for length in (128, 256, 512))
    print(f"{len(rows):,} x {rows.shape[1]}; of the square sum {shares} directions\n")
    table(rows, args.engines)


if __name__ == "__main__":
    main()
