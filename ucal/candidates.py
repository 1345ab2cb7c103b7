"""Candidates for the nearest rows, and the one rule that puts them in exact order.

A search may be approximate as long as it says by how much: candidates whose order its error leaves
open are compared in float64, rounded to float32, ties by index. So every search whose candidates
are proven to hold the k nearest gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ucal.seams import Check, never
from ucal.types import BoolArray, FloatArray, IntArray

CHUNK = 1 << 20  # numbers held at once by the float64 work


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a search found for some rows.

    rows    (b,) int64
    values  (b, width) float32: approximate similarities, in any order
    ids     (b, width) int32, each once a row
    errors  (b, 2) float64: absolute + relative bound on the error of a value; rows that were not
            found have a value no larger than the least one found
    """

    rows: IntArray
    values: FloatArray
    ids: NDArray[np.int32]
    errors: NDArray[np.float64]


Search = Callable[[int, Check, Callable[[int], None]], Iterator[Candidates]]
"""(width, check, tell how many rows are done) -> candidates for all rows, block by block."""


def settle(features: FloatArray, found: Candidates, k: int, threads: int = 1) -> tuple[IntArray, BoolArray]:
    """Give the first k ids in exact order (b, k), and which rows may miss one that was not found (b,)."""
    from ucal.compiled import in_threads, top_k

    ids = np.empty((len(found.rows), k), np.int64)
    unproven = np.zeros(len(found.rows), np.bool_)

    def part(start: int, stop: int) -> None:
        here = slice(start, stop)
        candidates = found.values[here], found.ids[here]
        top_k.settle(features, found.rows[here], candidates, found.errors[here], ids[here], unproven[here])

    in_threads(part, len(ids), threads, 256)
    return ids, unproven


def float32_slack(features: FloatArray) -> float:
    """Bound the error of a difference of two float32 inner products of these rows (a wide bound)."""
    longest = float(lengths(features).max(initial=0.0)) ** 2
    return float(8.0 * np.sqrt(features.shape[1]) * 2.0**-24 * longest)


def lengths(features: FloatArray) -> NDArray[np.float64]:
    """Give each row's length, (n,), rounded up by more than float32's error."""
    measured: NDArray[np.float64] = np.sqrt(np.vecdot(features, features).astype(np.float64))
    return measured * (1 + 2.0**-20)


def search_rows(features: FloatArray, rows: IntArray, k: int, check: Check = never) -> IntArray:
    """Search all columns in float64 for some rows, (b, k): where ties leave candidates undecided."""
    n = len(features)
    ids = np.empty((len(rows), k), np.int64)
    step = max(1, CHUNK // max(1, n))
    for first in range(0, len(rows), step):
        check()
        part = rows[first : first + step]
        left = features[part].astype(np.float64)
        similarities = np.empty((len(part), n), np.float32)
        for column in range(0, n, 4096):
            similarities[:, column : column + 4096] = left @ features[column : column + 4096].astype(np.float64).T
        ids[first : first + step] = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    return ids


def int32(ids: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Give ids as the compiled loops take them."""
    return np.ascontiguousarray(ids, np.int32)
