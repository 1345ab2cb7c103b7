"""`make gpu`'s training benchmark, small and on a CPU: it prints what it promises, and the shares are shares."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_it_prints_rates_shares_of_the_measured_peak_and_the_seconds_of_an_epoch():
    words = ["--device", "cpu", "--backbone", "small", "--size", "32x16", "--iterations", "2", "--images", "64"]
    done = subprocess.run(
        [sys.executable, "benchmarks/gpu_training.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("small, 32x16, float32, CPU, torch ")
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([\d.,e+-]+) \|$", done.stdout, re.M))
    figures = {name: float(value.replace(",", "")) for name, value in rows.items() if value != "-"}
    assert rows["peak memory, GiB"] == "-"  # of a GPU
    for what in ("training", "embedding"):
        assert figures[f"{what}, images/s"] > 0
        assert 0 < figures[f"{what}, % of peak"] <= 100
    assert figures["measured peak, float32 TFLOP/s"] > 0
    assert figures["400 x 64 epoch, s"] == pytest.approx(400 * 64 / figures["training, images/s"], rel=0.02)


def test_without_a_gpu_the_default_says_so_and_fails():
    done = subprocess.run(
        [sys.executable, "-c", "import torch; raise SystemExit(torch.cuda.is_available())"], check=False
    )
    if done.returncode:
        pytest.skip("this machine has a CUDA device")
    done = subprocess.run(
        [sys.executable, "benchmarks/gpu_training.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "expected a CUDA GPU" in done.stderr
