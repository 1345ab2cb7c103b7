"""`ucal evaluate`: retrieval of anybody's features by the standard protocol."""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

from ucal.commands.options import new_parser, write_json

EXAMPLE = "  ucal evaluate --query query.npz --gallery gallery.npz --json result.json"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = new_parser(
        subparsers,
        "evaluate",
        "Measure CMC, mAP and mINP. Files have arrays feats (n, d) and ids (n,), and cams (n,) where cameras are "
        "known: the query's own identity in its own camera is skipped, and so are ids below 0.",
        EXAMPLE,
    )
    parser.add_argument("--query", type=Path, required=True, metavar="NPZ", help="features of the queries")
    parser.add_argument("--gallery", type=Path, required=True, metavar="NPZ", help="features of the gallery")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="of the ranks (auto)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from ucal.backbones.embed import pick_device
    from ucal.datasets.features import read_query_gallery
    from ucal.evaluation import retrieval
    from ucal.results import peak_rss_mb

    began = time.perf_counter()
    dataset = read_query_gallery(args.query, args.gallery)
    query, gallery = dataset.features_of("query"), dataset.features_of("gallery")
    assert query is not None  # `read_query_gallery` gives both
    assert gallery is not None
    scores = retrieval(
        query,
        gallery,
        dataset.identities("query"),
        dataset.identities("gallery"),
        dataset.cameras("query"),
        dataset.cameras("gallery"),
        device=str(pick_device(args.device)),
    )
    counts = {"query": len(dataset.query), "gallery": len(dataset.gallery)}
    machine = {"seconds": round(time.perf_counter() - began, 3), "peak_rss_mb": peak_rss_mb()}
    write_json(args.json, dataclasses.asdict(scores) | counts | machine)
    print(
        f"mAP {scores.mAP:.4f}  rank-1 {scores.rank1:.4f}  rank-5 {scores.rank5:.4f}  rank-10 {scores.rank10:.4f}  "
        f"mINP {scores.mINP:.4f}  ({scores.n_queries:,} of {counts['query']:,} queries count)"
    )
    return 0
