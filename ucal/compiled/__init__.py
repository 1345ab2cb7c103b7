"""Loops compiled by numba. Import these modules inside functions only: numba loads in half a second.

Every function here releases the interpreter's lock and computes the same bits whatever the number
of threads: callers divide rows among threads, and no sum crosses that division.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
T = TypeVar("T")


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """Compile on first use and keep the machine code on disk, where the package's folder or the user's cache allows."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc"}}
    try:
        return cast("Callable[P, T]", numba.njit(cache=True, **options)(function))
    except RuntimeError:  # numba: no folder to keep the code in
        return cast("Callable[P, T]", numba.njit(**options)(function))


def n_threads() -> int:
    """Give torch's number of threads where torch is loaded, else the number of cores."""
    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch is not None else os.cpu_count() or 1


def in_threads(work: Callable[[int, int], T], n: int, threads: int, least: int = 1) -> list[T]:
    """Call work(start, stop) on equal parts of 0..n, one a thread, none under `least`; results in order."""
    parts = max(1, min(threads, n // max(1, least)))
    ends = [n * part // parts for part in range(parts + 1)]
    if parts == 1:
        return [work(0, n)]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(work, ends[:-1], ends[1:]))
