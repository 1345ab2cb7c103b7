"""CPU seconds of a plan of pages of the policy `efficient`, late in a run; prints Markdown.

    ucal simulate --features F.npz --policy efficient --set threads=1 --epochs 500 --out RUN --json out.json
    python benchmarks/planning.py --features F.npz --run RUN

The run's answers are replayed but for the last of them, which come back a few at a time; each time the
clusters and the pages are planned as the loop does it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ucal.config import RunConfig
from ucal.efficient.preparation import unit
from ucal.memory import LabelMemory
from ucal.proposers.efficient import EfficientProposer
from ucal.runs import FileLog
from ucal.seams import Scene

TURNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=Path, required=True, metavar="NPZ")
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--last", type=int, default=100, help="events that come back each time (100)")
    args = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    features = unit(np.load(args.features)["feats"])
    events = FileLog(args.run / "answers.jsonl").read()
    propose = EfficientProposer(RunConfig.from_dict(json.loads((args.run / "config.json").read_text("utf-8"))))
    place = len(events) - TURNS * args.last
    if place <= 0:
        parser.error(f"{args.run}: expected more than {TURNS} x --last {args.last} events, got {len(events)}")
    memory = LabelMemory(len(features), "closure", events[:place])
    print("| answers | version s | one answer ms | clusters s | pages s | pages |\n|---|---|---|---|---|---|")
    for _ in range(TURNS):
        known = memory.n_answers
        marks = [time.process_time()]
        propose.planner.version(features)
        marks.append(time.process_time())
        round_ = events[place - 1].round
        labels = propose.labels(features, memory, round_)
        marks.append(time.process_time())
        pages = propose(Scene(round_, "page", features, labels, memory))
        marks.append(time.process_time())
        version, clusters, asked = np.diff(marks)
        for event in events[place : place + args.last]:
            memory.add(event)
        taken = 1000 * (time.process_time() - marks[-1]) / args.last
        place += args.last
        told = f"{known:,} | {version:.1f} | {taken:.2f} | {clusters:.2f} | {asked:.2f} | {len(pages)}"
        print(f"| {told} |", flush=True)


if __name__ == "__main__":
    main()
