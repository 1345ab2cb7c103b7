"""`ucal cluster`: k-reciprocal Jaccard distance and DBSCAN on anybody's features."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ucal.commands.options import new_parser, share, whole, write_json
from ucal.events import Event, Sink
from ucal.types import OUTLIER, FloatArray, IntArray

_LONG = 20_000  # rows from which a job is announced with an estimate
EXAMPLE = "  ucal cluster --features features.npz --eps 0.6 --labels labels.npy --json clusters.json"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "cluster",
        "Cluster features by DBSCAN on the k-reciprocal Jaccard distance, never building an n x n array.",
        EXAMPLE,
    )
    parser.add_argument(
        "--features",
        type=Path,
        required=True,
        metavar="FILE",
        help="an .npz with an array feats (n, d), or an .npy of float32 rows of length 1, read from disk as needed",
    )
    parser.add_argument("--eps", type=share, default=0.6, help="radius (0.6)")
    parser.add_argument("--k1", type=whole(2, 10_000), default=30, help="k-reciprocal neighbours, self included (30)")
    parser.add_argument("--k2", type=whole(1, 10_000), default=6, help="local query expansion (6)")
    parser.add_argument("--min-samples", type=whole(1), default=4, help="DBSCAN, the point itself included (4)")
    parser.add_argument(
        "--engine",
        choices=("torch", "faiss", "screened", "faiss-ivf", "faiss-hnsw"),
        default="torch",
        help="of the neighbours: torch and faiss are exact, the others approximate (torch)",
    )
    parser.add_argument(
        "--approximate",
        action="store_const",
        const="faiss-ivf",
        dest="engine",
        help="the same as --engine faiss-ivf: for a million rows; says how often it differed in a sampled check",
    )
    parser.add_argument("--block-rows", type=whole(1), default=2048, help="rows a block, bounds memory (2048)")
    parser.add_argument("--threads", type=whole(0), default=0, help="CPU threads; 0 = OMP_NUM_THREADS, else all cores")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(auto)")
    parser.add_argument("--labels", type=Path, metavar="NPY", help="where to write labels (n,), -1 = in no cluster")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from ucal.build import set_threads
    from ucal.commands.progress import progress_sink
    from ucal.datasets.features import load_features
    from ucal.datasets.mapped import mapped_features
    from ucal.results import peak_rss_mb

    seconds = _Phases()
    set_threads(args.threads)
    mapped = args.features.suffix == ".npy"
    features = mapped_features(args.features) if mapped else load_features(args.features).rows
    seconds.end("load")
    guess = _announced(features, args)
    said: dict[str, Any] = {}
    if guess is not None:
        seconds.end("estimate")
        said["estimated_seconds"] = round(guess, 1)
    labels = _cluster(features, args, seconds, progress_sink(), said)
    if args.labels is not None:
        _save(args.labels, labels)
    clusters, outliers = int(labels.max(initial=OUTLIER)) + 1, int((labels == OUTLIER).sum())
    settings = {"eps": args.eps, "k1": args.k1, "k2": args.k2, "min_samples": args.min_samples, "engine": args.engine}
    result = {"n": len(labels), "d": features.shape[1], "clusters": clusters, "outliers": outliers} | settings
    write_json(args.json, result | said | {"seconds": seconds.spent, "peak_rss_mb": peak_rss_mb()})
    print(f"{len(labels):,} rows: {clusters:,} clusters, {outliers:,} in none")
    return 0


def _announced(features: FloatArray, args: argparse.Namespace) -> float | None:
    """Say on standard error how long a long job will take; give the seconds."""
    from ucal.backbones.embed import pick_device
    from ucal.estimate import estimate

    if len(features) < _LONG:
        return None
    guess = estimate(
        features,
        k1=args.k1,
        k2=args.k2,
        loosest=args.eps,
        engine=args.engine,
        block_rows=args.block_rows,
        device=str(pick_device(args.device)),
    )
    text = f"about {guess.seconds:,.0f} s: neighbours {guess.neighbours:,.0f}, distance {guess.distance:,.0f}"
    print(f"{text} (from a pilot of {guess.pilot:,} rows)", file=sys.stderr)
    return guess.seconds


def _cluster(
    features: FloatArray, args: argparse.Namespace, seconds: _Phases, sink: Sink, said: dict[str, Any]
) -> IntArray:
    from ucal.backbones.embed import pick_device
    from ucal.clustering import labels_at
    from ucal.jaccard import jaccard_distance

    def watch(event: Event) -> None:
        if event.values.get("done") == event.values.get("total") and "neighbours" not in seconds.spent:
            seconds.end("neighbours")  # the search is the first to report its end
        if event.name == "neighbours":
            said["search"] = event.values
        sink(event)

    distance = jaccard_distance(
        features,
        k1=args.k1,
        k2=args.k2,
        loosest=args.eps,
        engine=args.engine,
        block_rows=args.block_rows,
        device=str(pick_device(args.device)),
        sink=watch,
    )
    seconds.end("distance")
    (labels,) = labels_at(distance, (args.eps,), args.min_samples, str(pick_device(args.device)))
    seconds.end("dbscan")
    return labels


def _save(path: Path, labels: IntArray) -> None:
    from ucal.runs import write_atomically

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.save(file, labels, allow_pickle=False)

    write_atomically(path, write)


class _Phases:
    """Seconds of each phase, one after another."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.spent: dict[str, float] = {}
        self._clock = clock
        self._mark = clock()

    def end(self, name: str) -> None:
        """Give the time since the last phase's end to this one."""
        now = self._clock()
        self.spent[name], self._mark = round(now - self._mark, 4), now
