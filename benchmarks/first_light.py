"""Tables of docs/performance.md: bases x policies on generated data and on Omniglot small.

    python benchmarks/first_light.py generated --seeds 0,1,2 --out runs/generated
    python benchmarks/first_light.py omniglot --data DIR_OF_THE_SMALL_ZIPS --seeds 0 --out runs/omniglot

Every cell is one `ucal simulate` in a process of its own; finished cells are kept, so an interrupted
table goes on. `random` is the control: as many random pairs as UCAL asked, spread over the same rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Any

VARIANTS: dict[str, list[str]] = {
    "none": ["--policy", "none"],
    "snps": ["--policy", "ucal", "--no-mpps"],
    "mpps": ["--policy", "ucal", "--no-snps"],
    "ucal": ["--policy", "ucal"],
}
OMNIGLOT = [
    *(
        "--format",
        "omniglot-small",
        "--held-out",
        "0.3",
        "--backbone",
        "small",
        "--weights",
        "start",
        "--size",
        "48x48",
    ),
    *("--epochs", "10", "--query-from", "3", "--set", "iterations=30", "--set", "lr=2e-3", "--set", "lr_step=8"),
    *("--set", "eps=0.5", "--set", "k1=20", "--set", "momentum=0.5", "--set", "erase=0", "--set", "pad=3"),
    *("--set", "flip=0", "--set", "precision=auto"),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_set", choices=("generated", "omniglot"))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--bases", default="cluster-contrast,spcl")
    parser.add_argument("--variants", default="none,snps,mpps,ucal,random")
    parser.add_argument("--data", help="omniglot: the folder or zip")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side, one thread each when above 1")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    seeds = [int(seed) for seed in args.seeds.split(",")]
    cells = [(base, seed) for seed in seeds for base in args.bases.split(",")]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda cell: row(args, *cell), cells))
    print(table(args.out, args.bases.split(","), args.variants.split(","), seeds))
    return 0


def row(args: argparse.Namespace, base: str, seed: int) -> None:
    """Run the variants of one base and seed; the control comes after the run whose answers it matches."""
    for variant in args.variants.split(","):
        path = args.out / f"{base}-{variant}-{seed}.json"
        if path.exists():
            continue
        options = VARIANTS.get(variant)
        if options is None:
            asked = json.loads((args.out / f"{base}-ucal-{seed}.json").read_text())["final"]["answers"]
            options = ["--policy", "random", "--budget", str(asked)]
        started = time.perf_counter()
        command = [sys.executable, "-m", "ucal", "simulate", *source(args, seed), "--base", base, *options]
        command += ["--seed", str(seed), "--json", str(path)]
        for setting in args.set:
            command += ["--set", setting]
        if args.jobs > 1:
            command += ["--set", "threads=1"]
        environment = os.environ | ({"OMP_NUM_THREADS": "1"} if args.jobs > 1 else {})
        subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
        data = json.loads(path.read_text())
        data["minutes"] = round((time.perf_counter() - started) / 60, 2)
        path.write_text(json.dumps(data))
        print(f"{base} {variant} seed {seed}: {data['minutes']} min", flush=True)


def source(args: argparse.Namespace, seed: int) -> list[str]:
    if args.data_set == "generated":
        return ["--synth", str(seed), "--preset", "generated"]
    return ["--data", args.data, *OMNIGLOT]


def table(out: Path, bases: list[str], variants: list[str], seeds: list[int]) -> str:
    lines = [
        "| base | policy | mAP by seed | mean mAP | mean rank-1 | F1 by seed | answers by seed | minutes a run |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for base in bases:
        for variant in variants:
            runs = [json.loads((out / f"{base}-{variant}-{seed}.json").read_text()) for seed in seeds]
            lines.append("| " + " | ".join([base, variant, *figures(runs)]) + " |")
    return "\n".join(lines)


def figures(runs: list[dict[str, Any]]) -> list[str]:
    final = [run["final"] for run in runs]
    return [
        " / ".join(f"{100 * f['mAP']:.1f}" for f in final),
        f"{100 * mean(f['mAP'] for f in final):.1f}",
        f"{100 * mean(f['rank1'] for f in final):.1f}",
        " / ".join(f"{f['pairwise']['f1']:.3f}" for f in final),
        " / ".join(str(f["answers"]) for f in final),
        f"{mean(run['minutes'] for run in runs):.1f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
