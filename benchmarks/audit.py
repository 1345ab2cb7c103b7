"""How often a random audit's bound holds, how wide it is and what it costs; prints Markdown.

    python benchmarks/audit.py                                # drawn rows of 250 identities
    python benchmarks/audit.py --features omniglot.npz        # true identities of somebody's features

Clusters are the true identities, with a share of the rows put into another cluster or alone at random. Each line is
`--audits` audits (200) with seeds of their own; the search by hand is without end, as the promise is about it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ucal.audit import Seeker, audited, confidence_of, true_shares
from ucal.types import FloatArray, IntArray


def drawn(rng: np.random.Generator, n: int = 4000, identities: int = 250) -> tuple[IntArray, FloatArray]:
    """Draw identities (n,) and features (n, 32) float32 of length 1 that know them."""
    truth = rng.integers(0, identities, n)
    rows = rng.normal(size=(identities, 32))[truth] + 0.7 * rng.normal(size=(n, 32))
    return truth, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def spoilt(truth: IntArray, share: float, rng: np.random.Generator) -> IntArray:
    """Give clusters (n,) in which about this share of the rows stands in another cluster, or alone (-1)."""
    moved = rng.random(len(truth)) < share
    labels = truth.copy()
    labels[moved] = rng.integers(-1, truth.max() + 1, int(moved.sum()))
    return labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", help=".npz with feats and ids; default: drawn rows")
    parser.add_argument("--audits", type=int, default=200)
    parser.add_argument("--images", default="60,100,300")
    parser.add_argument("--shares", default="0,0.02,0.05,0.1,0.3", help="rows that stand in a wrong place")
    args = parser.parse_args()
    if args.features:
        with np.load(args.features) as file:
            truth = np.unique(file["ids"], return_inverse=True)[1].astype(np.int64)
            features = file["feats"].astype(np.float32)
    else:
        truth, features = drawn(np.random.default_rng(0))
    print(f"{len(truth):,} rows, {truth.max() + 1:,} identities, {args.audits} audits a line\n")
    print(f"promised: {100 * confidence_of(1):.1f} %\n")
    print("| rows moved | images | both bounds held | true wrong / missed | mean bound | actions | minutes |")
    print("|---|---|---|---|---|---|---|")
    for share in (float(word) for word in args.shares.split(",")):
        for images in (int(word) for word in args.images.split(",")):
            held, figures = [], []
            for seed in range(args.audits):
                labels = spoilt(truth, share, np.random.default_rng([seed, int(1000 * share), images]))
                found = audited(labels, Seeker(truth, features, pages=None), images, seed)
                wrong, missed = true_shares(labels, truth)
                held.append(wrong <= found.wrong.upper and missed <= found.missed.upper)
                shown = (100 * wrong, 100 * missed, 100 * found.wrong.upper, 100 * found.missed.upper)
                figures.append((*shown, found.actions, found.seconds / 60))
            wrong, missed, top, low, actions, minutes = np.mean(figures, axis=0)
            held_share, true = f"{100 * np.mean(held):.1f} %", f"{wrong:.1f} / {missed:.1f} % | {top:.1f} / {low:.1f} %"
            print(f"| {100 * share:g} % | {images} | {held_share} | {true} | {actions:,.0f} | {minutes:.0f} |")


if __name__ == "__main__":
    main()
