"""Time, CPU seconds and memory of clustering and evaluation, each figure from a fresh process; prints Markdown.

    python benchmarks/clustering.py                 # the table, about 5 minutes on 2 cores
    python benchmarks/clustering.py --dense         # with the dense reference beside it (another 2 to 5 minutes, 3 GB)
    python benchmarks/clustering.py --growth FILE   # 2,000 to 64,000 rows, time and memory as an SVG plot
    python benchmarks/clustering.py --device cuda   # the same on a GPU

Rows are drawn: identities of 17 images, 6 cameras, a falling spectrum. CPU seconds are of all threads;
memory is the peak over what the process held (features included) before the step.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

RADII = (0.58, 0.6, 0.62)
SIZES = ((12_936, 2048), (16_522, 2048), (32_621, 2048), (100_000, 512))
QUERIES, GALLERY = 3_368, 15_913
GROWTH = (2_000, 4_000, 8_000, 16_000, 32_000, 64_000)


def drawn(n: int, d: int, seed: int = 0, fall: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Give rows (n, d) of length 1 and their identities; direction i has the scale i^-fall."""
    generator = np.random.default_rng(seed)
    spectrum = ((1 + np.arange(d)) ** -fall).astype(np.float32)
    identities = generator.integers(0, max(1, n // 17), n)
    cameras = generator.integers(0, 6, n)
    centres = generator.standard_normal((max(1, n // 17), d), np.float32) * spectrum
    shifts = generator.standard_normal((6, d), np.float32) * spectrum * 0.5
    rows = np.empty((n, d), np.float32)
    for start in range(0, n, 4096):
        part = slice(start, min(n, start + 4096))
        noise = generator.standard_normal((part.stop - start, d), np.float32) * spectrum * 0.9
        rows[part] = centres[identities[part]] + shifts[cameras[part]] + noise
        rows[part] /= np.linalg.norm(rows[part], axis=1, keepdims=True)
    return rows, identities


class Meter:
    """Wall seconds, CPU seconds and peak memory of consecutive phases."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
        self.before = _status("VmRSS")
        self.phases: dict[str, float] = {}
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        self._last = self.cpu

    def end(self, phase: str) -> None:
        now = time.process_time()
        self.phases[phase], self._last = round(now - self._last, 3), now

    def result(self) -> dict[str, Any]:
        return {
            "wall": round(time.perf_counter() - self.wall, 3),
            "cpu": round(time.process_time() - self.cpu, 3),
            "extra_mb": round((_status("VmHWM") - self.before) / 1024),
            "phases": self.phases,
        }


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/self/status: expected {key}, found none")


def product_rate(d: int, half: bool, device: str) -> float:
    """Measure GFLOP per CPU second (on a GPU: per second) of a 2048 x 2048 tile with d numbers a row."""
    import torch

    tile = torch.randn(2048, d, device=device)
    tile = tile.bfloat16() if half else tile
    clock = time.process_time if device == "cpu" else time.perf_counter
    best = 0.0
    for _ in range(4):
        began = clock()
        (tile @ tile.T).sum().item() if device != "cpu" else tile @ tile.T
        best = max(best, 2 * 2048**2 * d / (clock() - began) / 1e9)
    return best


def cluster(n: int, d: int, engine: str, device: str, labels: Path) -> dict[str, Any]:
    """Neighbours, distance, DBSCAN at three radii, reliability. Labels of the exact run are kept to compare with."""
    from ucal.clustering import labels_at, self_paced
    from ucal.jaccard import distance_of_ranks, jaccard_distance
    from ucal.neighbours import nearest_ids
    from ucal.products import prefers_half

    rows, _ = drawn(n, d)
    warm, _ = drawn(1500, d)
    jaccard_distance(warm, engine=engine, device=device)  # type: ignore[arg-type]
    said: dict[str, Any] = {}
    meter = Meter()
    ranks = nearest_ids(
        rows,
        30,
        engine=engine,  # type: ignore[arg-type]
        device=device,
        sink=lambda event: said.update(event.values) if event.name == "neighbours" else None,
    )
    meter.end("neighbours")
    distance = distance_of_ranks(rows, ranks, loosest=RADII[-1], device=device)
    meter.end("distance")
    found = labels_at(distance, RADII, 4, device)
    self_paced(found[1], found[0], found[2], None, device)
    meter.end("labels")
    result = meter.result()
    half = device == "cpu" and prefers_half(n)
    rate = product_rate(d, half, device)
    if engine == "torch":
        result["floor"] = round(n * n * d * (1 if device == "cpu" else 2) / rate / 1e9, 3)
        np.save(labels, np.stack(found))
    elif labels.is_file():
        result["rows_differing"] = differing(found[1], np.load(labels)[1])
    return result | {"rate": round(rate), "half": half, "clusters": int(found[1].max()) + 1} | said


def differing(labels: np.ndarray, exact: np.ndarray) -> float:
    """Give the share of rows that lie with other rows than in the exact labels."""
    ours, theirs = (np.where(x < 0, np.arange(len(x)) + x.max() + 1, x) for x in (labels, exact))
    _, cell, count = np.unique(np.stack([ours, theirs]), axis=1, return_inverse=True, return_counts=True)
    both = count[cell.ravel()]
    return float(((np.bincount(ours)[ours] != both) | (np.bincount(theirs)[theirs] != both)).mean())


def dense(n: int, d: int, labels: Path) -> dict[str, Any]:
    """Do the same densely, and count labels that differ from the exact run's."""
    from benchmarks.dense import dense_labels

    rows, _ = drawn(n, d)
    meter = Meter()
    found = dense_labels(rows, RADII)
    meter.end("all")
    result = meter.result()
    if labels.is_file():
        result["rows_differing"] = float((np.stack(found) != np.load(labels)).any(axis=0).mean())
    return result


def evaluation(device: str) -> dict[str, Any]:
    """Evaluate 3,368 queries in a gallery of 15,913."""
    from ucal.evaluation import retrieval

    rows, identities = drawn(QUERIES + GALLERY, 2048)
    cameras = np.random.default_rng(1).integers(0, 6, len(rows))
    case = [part for array in (rows, identities, cameras) for part in (array[:QUERIES], array[QUERIES:])]
    retrieval(*(part[:300] for part in case), device=device)
    began = time.process_time()
    np.dot(rows[:1000], rows[QUERIES:].T)
    product = (time.process_time() - began) * QUERIES / 1000
    meter = Meter()
    scores = retrieval(*case, device=device)
    meter.end("all")
    return meter.result() | {"product": round(product, 3), "mAP": round(scores.mAP, 4)}


def fresh(*words: str, threads: int) -> dict[str, Any]:
    """Measure in a process of its own; its last line is the result."""
    command = [sys.executable, str(Path(__file__)), "--threads", str(threads), "--one", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr.strip()[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{' '.join(words)}: {json.dumps(result)}", file=sys.stderr, flush=True)
    return result


def one(words: list[str], threads: int) -> None:
    import torch
    from threadpoolctl import threadpool_limits

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    torch.set_num_threads(threads)
    with threadpool_limits(threads, user_api="blas"):
        what, *rest = words
        if what == "cluster":
            result = cluster(int(rest[0]), int(rest[1]), rest[2], rest[3], Path(rest[4]))
        elif what == "dense":
            result = dense(int(rest[0]), int(rest[1]), Path(rest[2]))
        else:
            result = evaluation(rest[0])
    print(json.dumps(result))


def table(args: argparse.Namespace, folder: Path) -> None:
    """Print the table, each row as it is measured."""
    print("| size | engine | neighbours | distance | labels | CPU s | wall s | extra MB | floor s | share | differs |")
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for n, d in [(int(n), int(d)) for n, d in (size.split("x") for size in args.sizes)]:
        labels = folder / f"{n}-{d}.npy"
        for engine in args.engines:
            r = fresh("cluster", str(n), str(d), engine, args.device, str(labels), threads=args.threads)
            floor = f"{r['floor']} ({r['rate']} GFLOP/s)" if "floor" in r else "-"
            share = f"{100 * r['floor'] / r['phases']['neighbours']:.0f} %" if "floor" in r else "-"
            differs = f"{100 * r['rows_differing']:.2f} % of rows" if "rows_differing" in r else "-"
            if "differing" in r:
                differs += f"; lists {100 * r['differing']:.1f} %, proven {100 * r['proven']:.1f} %"
            phases = " | ".join(f"{seconds:.2f}" for seconds in r["phases"].values())
            print(
                f"| {n:,} x {d} | {engine} | {phases} | {r['cpu']:.1f} | {r['wall']:.1f} | {r['extra_mb']} | {floor} | "
                f"{share} | {differs} |",
                flush=True,
            )
        if args.dense and n < 20_000:
            r = fresh("dense", str(n), str(d), str(labels), threads=args.threads)
            print(
                f"| {n:,} x {d} | dense reference | - | - | - | {r['cpu']:.1f} | {r['wall']:.1f} | {r['extra_mb']} "
                f"| - | - | {100 * r['rows_differing']:.2f} % of rows |",
                flush=True,
            )
    r = fresh("evaluate", args.device, threads=args.threads)
    print(
        f"\nEvaluation, {QUERIES:,} x {GALLERY:,} x 2048: {r['cpu']:.2f} CPU s, {r['wall']:.2f} s wall, the "
        f"product alone {r['product']:.2f} CPU s, {r['extra_mb']} MB extra "
        f"(the whole matrix: {4 * QUERIES * GALLERY >> 20} MB)."
    )


def growth(args: argparse.Namespace, folder: Path) -> None:
    """Plot CPU seconds and memory against n at 512 numbers a row."""
    from plot import plot

    lines: dict[str, list[tuple[float, float]]] = {}
    for engine in args.engines:
        for n in GROWTH:
            r = fresh(
                "cluster", str(n), "512", engine, args.device, str(folder / f"growth-{n}.npy"), threads=args.threads
            )
            lines.setdefault(f"{engine}, CPU s", []).append((n, max(r["cpu"], 1e-3)))
            lines.setdefault(f"{engine}, extra MB", []).append((n, max(r["extra_mb"], 1)))
    plot(args.growth, lines, "rows (512 numbers each)", "CPU seconds; extra MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=[f"{n}x{d}" for n, d in SIZES], metavar="NxD")
    parser.add_argument("--engines", nargs="+", default=["torch", "screened"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dense", action="store_true", help="run the dense reference beside it, below 20,000 rows")
    parser.add_argument("--growth", type=Path, metavar="SVG", help="measure the growth with n instead, and plot it")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.one, args.threads)
        return
    with tempfile.TemporaryDirectory() as folder:
        (growth if args.growth else table)(args, Path(folder))


if __name__ == "__main__":
    main()
