"""MCL on all of Omniglot: clustering seconds, peak memory and mAP when a share rho of the rows is clustered; Markdown.

    python benchmarks/mcl.py ../shared/data/omniglot                 # rho 1, 1/2, 1/4, 1/8
    python benchmarks/mcl.py FOLDER --rounds 4 --iterations 100      # longer training
    python benchmarks/mcl.py FOLDER --rounds 0                       # clustering of the start's features alone

Each rho is a process of its own, on pixels decoded once. A round clusters X1, proposes labels for the other
rows and trains. Seconds are CPU seconds, the mean over the rounds, compiling left out; memory is the peak over
what the process held (pixels and features included) before. mAP is over the same images, whose identities were
never given: the drawings of two of the 20 drawers are the queries, all others the gallery. rho 1 is Cluster Contrast.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from clustering import Meter

SIDE = 32  # pixels
QUERY_DRAWERS = 2


def decode(data: Path, folder: Path) -> None:
    """Write pixels, identities and drawers."""
    from ucal.datasets import read
    from ucal.datasets.opening import load_pixels

    dataset = read(data, "omniglot")
    pixels, bad = load_pixels(dataset.train, SIDE, SIDE)
    if bad:
        raise SystemExit(f"{len(bad)} drawings do not open, first {bad[0].path}: {bad[0].reason}")
    np.save(folder / "pixels.npy", pixels)
    np.save(folder / "identities.npy", dataset.identities("train"))
    np.save(folder / "drawers.npy", dataset.cameras("train"))


def settings(rho: Fraction, rounds: int, iterations: int) -> Any:
    """Give the settings: the small net from the packaged start, those of the preset for Omniglot's small sets."""
    from ucal.benchmark.presets import benchmark
    from ucal.config import RunConfig

    own = {"base": "mcl", "policy": "none", "height": SIDE, "width": SIDE, "pad": 2, "mcl_rho": float(rho)}
    own |= {
        "epochs": max(1, rounds),
        "lr_step": max(1, rounds - 1),
        "iterations": iterations,
        "threads": 1,
        "device": "cpu",
    }
    return RunConfig.from_dict(benchmark("omniglot-small").settings | own)


def measure(folder: Path, rho: Fraction, rounds: int, iterations: int) -> dict[str, Any]:
    """Train with this rho and say what clustering took and what came out."""
    import torch

    from ucal.base_labels import subset_labels
    from ucal.clustering import make_clusterer
    from ucal.evaluation import pairwise, retrieval
    from ucal.learners.learner import ImageLearner
    from ucal.meta import subset_of

    torch.set_num_threads(1)
    config = settings(rho, rounds, iterations)
    pixels = np.load(folder / "pixels.npy", mmap_mode="c")
    identities, drawers = (np.load(folder / f"{name}.npy") for name in ("identities", "drawers"))
    learner = ImageLearner(config, pixels, drawers)
    inside = subset_of(len(pixels), config.mcl_rho, config.seed)
    queries = drawers < drawers.min() + QUERY_DRAWERS

    def mean_precision() -> float:
        rows = learner.embed("train")
        parts = [part for array in (rows, identities, drawers) for part in (array[queries], array[~queries])]
        return retrieval(*parts).mAP

    def clusterer() -> Any:  # a fresh one keeps no lists from the round before
        return subset_labels(make_clusterer(config), inside, config.tau, config.mcl_sure)

    warm = learner.features()[:1500]
    subset_labels(make_clusterer(config), np.ones(1500, bool), config.tau, config.mcl_sure)(warm, None)
    scores, found = [mean_precision()] if rounds else [], []
    for round_ in range(max(1, rounds)):
        features = learner.features()
        meter = Meter()
        labels = clusterer()(features, None).labels
        meter.end("all")
        found.append(meter.result() | {"clusters": int(labels.max()) + 1, "f1": pairwise(labels, identities).f1})
        if rounds:
            learner.train(labels, np.zeros(0, np.int64), round_)
            scores.append(mean_precision())
    return {
        "rows": int(inside.sum()),
        "seconds": float(np.mean([one["cpu"] for one in found])),
        "extra_mb": max(one["extra_mb"] for one in found),
        "clusters": [one["clusters"] for one in found],
        "f1": found[-1]["f1"],
        "mAP": scores,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a folder with Omniglot's npz files")
    parser.add_argument("--rho", type=Fraction, nargs="+", default=[Fraction(1, share) for share in (1, 2, 4, 8)])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    if args.one:
        print(json.dumps(measure(args.data, args.rho[0], args.rounds, args.iterations)))
        return
    print(
        f"{args.rounds} rounds of {args.iterations} batches of 64 of X1 (and 64 others, twice), {SIDE}x{SIDE} pixels\n"
    )
    print(
        "| rho | rows clustered | clustering s | of rho 1 | extra MB | clusters | F1 | mAP at the start and by round |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    whole = None
    with tempfile.TemporaryDirectory() as folder:
        decode(args.data, Path(folder))
        for rho in args.rho:
            words = [folder, "--one", "--rho", str(rho), "--rounds", str(args.rounds)]
            words += ["--iterations", str(args.iterations)]
            done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"rho {rho}: {done.stderr.strip()[-2000:]}")
            r = json.loads(done.stdout.splitlines()[-1])
            whole = r["seconds"] if whole is None else whole
            scores = " ".join(f"{100 * score:.1f}" for score in r["mAP"])
            print(
                f"| {rho} | {r['rows']:,} | {r['seconds']:.2f} | {r['seconds'] / whole:.3f} | {r['extra_mb']} | "
                f"{' '.join(str(c) for c in r['clusters'])} | {r['f1']:.3f} | {scores} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
