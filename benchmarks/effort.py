"""How many human actions a policy needs on frozen features: curves, a table, and the paper's policy beside ours.

    python benchmarks/effort.py FEATURES.npz --policies none,ucal-pair,efficient --seeds 0 --out runs/effort

Every cell is one `ucal simulate` in a process of its own; finished cells are kept, so an interrupted
table goes on. `random` and `similar` get as many answers as there are images, unless --budget says more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ucal.effort import POLICIES, Point, compare, curve_of, table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features", type=Path)
    parser.add_argument("--policies", default="none,ucal-pair,ucal-closure,efficient")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--error", type=float, default=0.0, help="share of wrong answers")
    parser.add_argument("--unsure", type=float, default=0.0, help="share of unsure answers")
    parser.add_argument("--budget", type=int, help="answers (needed by random and similar)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    unknown = sorted(set(args.policies.split(",")) - set(POLICIES))
    if unknown:
        parser.error(f"--policies: expected some of {', '.join(POLICIES)}, got {', '.join(unknown)}")
    curves: dict[str, list[list[Point]]] = {}
    for name in args.policies.split(","):
        curves[name] = [curve_of(cell(args, name, seed)) for seed in args.seeds.split(",")]
    print(table(curves))
    if {"ucal-pair", "efficient"} <= set(curves):
        for seed, theirs, ours in zip(args.seeds.split(","), curves["ucal-pair"], curves["efficient"], strict=True):
            print(f"seed {seed}:", json.dumps(compare({"ucal-pair": theirs, "efficient": ours})))
    return 0


def cell(args: argparse.Namespace, name: str, seed: str) -> dict[str, Any]:
    """Run one cell, or read it where it was run."""
    out = args.out / f"{args.features.stem}-{name}-{seed}-{args.error:g}-{args.unsure:g}.json"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "ucal", "simulate", "--features", str(args.features), "--seed", seed]
        command += ["--error", str(args.error), "--unsure", str(args.unsure), "--json", str(out)]
        settings = dict(POLICIES[name])
        if args.budget is not None and name != "none":
            settings["budget"] = args.budget
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        for text in args.set:
            command += ["--set", text]
        subprocess.run(command, check=True)
    result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return result


if __name__ == "__main__":
    raise SystemExit(main())
