"""Training and embedding on the device: images/s, share of its measured peak, seconds an epoch, memory; Markdown.

    python benchmarks/gpu_training.py                      # ResNet-50, 256x128, bf16, batches of 64, CUDA
    python benchmarks/gpu_training.py --device cpu --backbone small --size 64x32 --iterations 5   # the same on a CPU

Trains with `ImageLearner` (Cluster Contrast), as a run does: sampling, augmentation, transfer, loss and memory
are in the time. Pixels and classes are drawn. Peak: the best rate of a product of two square matrices in the
same precision. Operations of the net are counted by torch (FlopCounterMode); a training step is three forward passes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 64
PER_IDENTITY = 16


def seconds(work: Callable[[], object], device: str) -> float:
    """Give the wall seconds of `work`, waiting for the device before and after."""
    import torch

    def wait() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    wait()
    began = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - began


def peak_rate(device: str, precision: str) -> float:
    """Measure operations per second of a product in the precision of the net's."""
    import torch

    side = 8192 if device == "cuda" else 1024
    left = torch.randn(side, side, device=device, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    return max(2 * side**3 / seconds(lambda: left @ left, device) for _ in range(6))


def operations(model: Any, height: int, width: int, device: str) -> float:
    """Count the operations of a picture's forward pass."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model.eval()(torch.zeros(1, 3, height, width, device=device))
    return float(counter.get_total_flops())


def measure(args: argparse.Namespace) -> dict[str, float]:
    """Train and embed, and give the figures."""
    import torch

    from ucal.config import RunConfig
    from ucal.events import Event
    from ucal.learners.learner import ImageLearner

    height, width = (int(side) for side in args.size.split("x"))
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (args.images, height, width, 3), dtype=np.uint8)
    identities = np.arange(args.images) // PER_IDENTITY
    config = RunConfig(
        backbone=args.backbone,
        height=height,
        width=width,
        precision=args.precision,
        device=args.device,
        iterations=args.iterations,
    )
    losses: list[Event] = []
    learner = ImageLearner(config, pixels, identities * 0, sink=losses.append)
    nobody = np.zeros(0, np.int64)
    learner.features()
    learner.train(identities, nobody, 0)  # warms up: kernels are chosen, memory is taken
    learner.features()
    if args.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    training = seconds(lambda: learner.train(identities, nobody, 1), args.device)
    embedding = seconds(lambda: learner.embed("train"), args.device)
    memory = torch.cuda.max_memory_allocated() / 2**30 if args.device == "cuda" else float("nan")
    forward, peak = operations(learner.model, height, width, args.device), peak_rate(args.device, args.precision)
    trained, embedded = args.iterations * BATCH / training, args.images / embedding
    return {
        "training, images/s": trained,
        "training, % of peak": 100 * 3 * forward * trained / peak,
        "embedding, images/s": embedded,
        "embedding, % of peak": 100 * forward * embedded / peak,
        "400 x 64 epoch, s": 400 * BATCH / trained,
        "peak memory, GiB": memory,
        f"measured peak, {args.precision} TFLOP/s": peak / 1e12,
        "forward pass, GFLOP an image": forward / 1e9,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--size", default="256x128", metavar="HxW")
    parser.add_argument("--precision", choices=("bf16", "float32"), help="bf16 on CUDA, float32 on a CPU")
    parser.add_argument("--images", type=int, default=12_936, help="drawn pictures (12,936, as Market-1501)")
    parser.add_argument("--iterations", type=int, default=400, help="batches of 64 in an epoch (400)")
    args = parser.parse_args()
    args.precision = args.precision or ("bf16" if args.device == "cuda" else "float32")
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import torch

    if args.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("expected a CUDA GPU, this machine has none that torch can use (--device cpu runs there)")
    name = torch.cuda.get_device_name() if args.device == "cuda" else "CPU"
    print(f"{args.backbone}, {args.size}, {args.precision}, {name}, torch {torch.__version__}\n")
    print("| what | value |\n|---|---|")
    for what, value in measure(args).items():
        shown = "-" if np.isnan(value) else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
        print(f"| {what} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
