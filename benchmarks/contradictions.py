"""How many answers are looked at until the wrong one of a contradiction is found, by the order in which they are shown.

Made-up identities whose features overlap are compared in pairs, a share of them wrongly; whenever
answers cannot all be true, a person who is right looks at them in the order shown up to the first
wrong one. chain: the "different", then a shortest chain of "same"; weakest: these by falling
probability of being wrong; cut: what the product shows (`ucal.suspects`).

python benchmarks/contradictions.py --seeds 24 --error 0.05 --again 0.4
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from ucal.closure import Pair
from ucal.conflicts import Conflict
from ucal.memory import LabelMemory
from ucal.suspects import _belief, _log_odds, suspected
from ucal.types import Answer, FloatArray, IntArray, Kind, Verdict
from ucal.votes import START_ERROR

D = 24  # numbers in a feature
Order = Callable[[LabelMemory, FloatArray], list[Conflict]]


def chain(memory: LabelMemory, features: FloatArray) -> list[Conflict]:
    """Show the answers along the ring."""
    return memory.conflicts()


def weakest(memory: LabelMemory, features: FloatArray) -> list[Conflict]:
    """Show the ring's least probable answer first."""
    belief = _belief(memory.judged_pairs()[-2000:], features)
    found = []
    for conflict in memory.conflicts():
        odds = _log_odds(memory, conflict.pairs, features, belief, START_ERROR)
        found.append(Conflict(tuple(sorted(conflict.pairs, key=lambda pair: odds[pair]))))
    return found


ORDERS: dict[str, Order] = {"chain": chain, "weakest": weakest, "cut": suspected}


def people(n: int, identities: int, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Make rows of which two of one identity have a cosine of .6 on average, two others .35."""
    truth = rng.integers(identities, size=n)
    shared, own, noise = (rng.standard_normal((m, D)) / np.sqrt(D) for m in (1, identities, n))
    rows = np.sqrt(0.35) * shared + np.sqrt(0.25) * own[truth] + np.sqrt(0.4) * noise
    return truth, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def asked(truth: IntArray, again: float, rng: np.random.Generator) -> list[Pair]:
    """Compare each row with one before it of its identity (a share of them with two), and with two of others."""
    pairs = []
    for row in range(len(truth)):
        before = np.flatnonzero(truth[:row] == truth[row])
        count = min(len(before), 1 + int(rng.random() < again))
        others = rng.choice(np.flatnonzero(truth != truth[row]), 2)
        for other in (*rng.choice(before, count, replace=False), *others):
            pairs.append((min(row, int(other)), max(row, int(other))))
    return [pairs[place] for place in rng.permutation(len(pairs))]


def run(seed: int, order: Order, n: int, identities: int, error: float, again: float) -> tuple[int, int, int]:
    """Give (contradictions, answers looked at, answers shown) of one seed."""
    rng = np.random.default_rng(seed)
    truth, features = people(n, identities, rng)
    memory, counts = LabelMemory(n), [0, 0, 0]
    for number, pair in enumerate(asked(truth, again, rng)):
        slip, anyway = rng.random() < error, rng.random() < again
        if memory.voted(*pair) or (memory.decided(*pair) and not anyway):
            continue
        memory.add(Answer(f"a{number}", *pair, _said(truth, pair, slip=slip)))
        while found := order(memory, features):
            pairs = found[0].pairs
            place = next(i for i, one in enumerate(pairs) if memory.voted(*one) is not _said(truth, one))
            for one in pairs[: place + 1]:
                settled = f"c{one}"
                memory.add(Answer(settled, *one, _said(truth, one), kind=Kind.CONFLICT))
            counts = [counts[0] + 1, counts[1] + place + 1, counts[2] + len(pairs)]
    return counts[0], counts[1], counts[2]


def _said(truth: IntArray, pair: Pair, *, slip: bool = False) -> Verdict:
    same = bool(truth[pair[0]] == truth[pair[1]])
    return Verdict.SAME if same is not slip else Verdict.DIFFERENT


def main() -> None:
    """Print a line for each order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--identities", type=int, default=20)
    parser.add_argument("--error", type=float, default=0.05, help="share of wrong answers")
    parser.add_argument("--again", type=float, default=0.4, help="share of pairs compared though they follow")
    args = parser.parse_args()
    for name, order in ORDERS.items():
        each = [run(seed, order, args.images, args.identities, args.error, args.again) for seed in range(args.seeds)]
        found, looked, shown = np.array(each).sum(axis=0).tolist()
        by_seed = np.array([one[1] / max(1, one[0]) for one in each])
        spread = float(by_seed.std() / np.sqrt(len(by_seed)))
        each_time = f"{looked / found:.2f} looked at each (se {spread:.2f}), {shown / found:.1f} shown"
        print(f"{name:8s} {found} questions, {each_time}", flush=True)


if __name__ == "__main__":
    main()
