"""Nearest neighbours, one door: engines propose candidates, `ucal.candidates` puts them in exact order.

The exact engines (torch, faiss) search again where a row's candidates may miss one, first with more
of them, then in float64: equal rows tie exactly, and engines, blocks and devices agree to the bit.
The approximate ones (screened, faiss-ivf, faiss-hnsw) stop at their candidates and say how good these were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ucal.candidates import CHUNK, Candidates, Search, float32_slack, search_rows, settle
from ucal.errors import ConfigError, FeaturesError
from ucal.events import Event, Sink, silent
from ucal.seams import Check, never
from ucal.types import FloatArray, IntArray

Engine = Literal["torch", "faiss", "screened", "faiss-ivf", "faiss-hnsw"]
ENGINES: tuple[Engine, ...] = ("torch", "faiss", "screened", "faiss-ivf", "faiss-hnsw")
EXACT: tuple[Engine, ...] = ("torch", "faiss")
Index = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How far the approximate engines look; the exact ones ignore it."""

    candidates: int = 64  # rows compared exactly, for each row
    length: int = 256  # screened: numbers that a row is projected to
    probes: int = 32  # faiss-ivf: lists looked into
    links: int = 128  # faiss-hnsw: efSearch
    checked: int = 256  # rows searched once more, exactly, to count differences


DEFAULT = Effort()


def nearest(  # noqa: PLR0913 - the one door to a search: what, how, and who watches
    features: FloatArray,
    k: int,
    *,
    engine: Engine = "torch",
    block_rows: int = 2048,
    device: str = "cpu",
    effort: Effort = DEFAULT,
    check: Check = never,
    sink: Sink = silent,
) -> tuple[IntArray, FloatArray]:
    """Find the k rows with the largest inner product, for every row; itself included.

    features (n, d), rows of length 1, so that this is rising squared L2 too. k is capped at n.
    Ties go to the lower index: of many equal rows, a row need not be in its own list.
    Gives ids (n, k) int64 and similarities (n, k) float32. Memory: block_rows x block_rows floats on
    a CPU, and the features once more as bfloat16 where that is fast (`ucal.on_device` says what a GPU holds).

    Raises:
        FeaturesError: not two-dimensional, or not finite.
        ConfigError: k below 1, or an unknown engine.
    """
    ids = nearest_ids(
        features, k, engine=engine, block_rows=block_rows, device=device, effort=effort, check=check, sink=sink
    )
    rows = np.repeat(np.arange(len(ids)), ids.shape[1])
    return ids, pair_similarities(features, rows, ids.ravel()).astype(np.float32).reshape(ids.shape)


def nearest_ids(  # noqa: PLR0913 - as `nearest`
    features: FloatArray,
    k: int,
    *,
    engine: Engine = "torch",
    block_rows: int = 2048,
    device: str = "cpu",
    effort: Effort = DEFAULT,
    check: Check = never,
    sink: Sink = silent,
) -> IntArray:
    """Give `nearest`'s ids alone, (n, k) int64: cheaper by n x k inner products.

    An approximate engine sends the event `neighbours`: the share of rows proven exact (screened), and of
    `effort.checked` rows spread over all, searched again exactly, the share whose list differs and the share of
    neighbours missed. Where any was missed it sends a `warning` too.
    """
    features = checked_features(features)
    if k < 1:
        raise ConfigError(f"nearest: expected k of at least 1, got {k}")
    n = len(features)
    k = min(k, n)
    if n == 0:
        return np.empty((0, 0), np.int64)

    def tell(done: int) -> None:
        sink(Event("progress", {"done": done, "total": n, "what": "cluster"}))

    if engine == "torch" and device != "cpu":
        import torch

        from ucal.on_device.neighbours import nearest_on

        ids = nearest_on(torch.device(device), features, k, block_rows, check, tell)
        tell(n)
        return ids
    search, width = _engine(engine, features, k, block_rows, device, effort)
    ids, open_rows = _searched(features, search(min(width, n), check, tell), k)
    if engine in EXACT:
        if len(open_rows):
            ids[open_rows] = search_again(features, open_rows, k, block_rows, check)
    else:
        proven = 1.0 - len(open_rows) / n if engine == "screened" else 0.0
        _report(engine, proven, _checked(features, ids, effort.checked, check), sink)
    tell(n)
    return ids


def _report(engine: str, proven: float, found: dict[str, float | int | str | None], sink: Sink) -> None:
    """Send what an approximate search is worth, and a warning where its sample missed any."""
    said: dict[str, float | int | str | None] = {"engine": engine, "proven": proven}
    sink(Event("neighbours", said | found))
    missed, differing = found.get("missed"), found.get("differing")
    if isinstance(missed, float) and isinstance(differing, float) and missed > 0.0:
        # no share is small enough to be silent about: .04 % moved a tenth of Omniglot's rows (docs/log.md)
        advice = {
            "screened": "search_length or search_candidates",
            "faiss-ivf": "search_probes",
            "faiss-hnsw": "search_links",
        }[engine]
        text = (
            f"neighbours: {engine} missed {100 * missed:.2f} % of the neighbours of {found['checked']} rows searched "
            f"again exactly, and {100 * differing:.1f} % of their lists differ: labels may differ too; raise {advice}, "
            "or take the exact engine 'torch'"
        )
        sink(Event("warning", {"text": text}))


def _checked(features: FloatArray, ids: IntArray, count: int, check: Check) -> dict[str, float | int | str | None]:
    """Search some rows, evenly spread, exactly: how many there were, whose list differs, what share is missed."""
    n, k = ids.shape
    rows = np.unique(np.linspace(0, n - 1, min(count, n)).astype(np.int64))
    if not len(rows):
        return {"checked": 0}
    exact = search_again(features, rows, k, 2048, check)
    missed = sum(len(np.setdiff1d(a, b, assume_unique=True)) for a, b in zip(exact, ids[rows], strict=True))
    differing = float((exact != ids[rows]).any(axis=1).mean())
    return {"checked": len(rows), "differing": differing, "missed": missed / exact.size}


def _searched(features: FloatArray, blocks: Iterable[Candidates], k: int) -> tuple[IntArray, IntArray]:
    """Settle all blocks: ids (n, k), and the rows that are not proven."""
    import torch

    ids = np.empty((len(features), k), np.int64)
    open_rows = []
    for found in blocks:
        ids[found.rows], unproven = settle(features, found, k, torch.get_num_threads())
        open_rows.append(found.rows[unproven])
    return ids, np.concatenate(open_rows)


def search_again(features: FloatArray, rows: IntArray, k: int, block_rows: int, check: Check) -> IntArray:
    """Search some rows with eight times as many float32 candidates, and those still open in float64, (b, k)."""
    import torch

    from ucal.products import rows_top

    values, candidates = rows_top(features, rows, min(8 * k, len(features)), block_rows, check)
    errors = np.tile([float32_slack(features), 0.0], (len(rows), 1))
    ids, unproven = settle(features, Candidates(rows, values, candidates, errors), k, torch.get_num_threads())
    ids[unproven] = search_rows(features, rows[unproven], k, check)
    return ids


def pair_similarities(features: FloatArray, left: Index, right: Index) -> NDArray[np.float64]:
    """Give the float64 inner product of each (left, right) pair of rows, (m,)."""
    out = np.empty(len(left), np.float64)
    step = max(1, CHUNK // max(1, features.shape[1]))
    for start in range(0, len(left), step):
        part = slice(start, start + step)
        out[part] = np.vecdot(features[left[part]].astype(np.float64), features[right[part]].astype(np.float64))
    return out


def checked_features(features: FloatArray) -> FloatArray:
    """Give contiguous writable float32 rows (a copy where needed).

    Raises:
        FeaturesError: not two-dimensional, or not finite.
    """
    if features.ndim != 2:
        raise FeaturesError(f"features: expected shape (rows, length), got {features.shape}")
    finite = [np.isfinite(features[start : start + 4096]).all(axis=1) for start in range(0, len(features), 4096)]
    bad = np.flatnonzero(~np.concatenate(finite)) if finite else np.empty(0, np.int64)
    if len(bad):
        raise FeaturesError(f"features: expected finite numbers, got NaN or inf in {len(bad)} rows, first {bad[0]}")
    return np.require(features, np.float32, ["C", "W"])


def _engine(
    engine: str, features: FloatArray, k: int, block_rows: int, device: str, effort: Effort
) -> tuple[Search, int]:
    """Give an engine's search and how many candidates it wants."""
    if engine == "torch":
        from ucal.products import product_search

        search, spare = product_search(features, block_rows)
        return search, k + spare
    wide = max(effort.candidates, k)
    if engine == "screened":
        from ucal.screened_search import screened_search

        return screened_search(features, effort.length, block_rows), wide
    if engine not in ENGINES:
        raise ConfigError(f"neighbours: expected one of {', '.join(ENGINES)}, got {engine!r}")
    from ucal import faiss_search

    if engine == "faiss":
        return faiss_search.flat_search(features, block_rows, device), k + 8
    if engine == "faiss-ivf":
        return faiss_search.ivf_search(features, block_rows, effort.probes, device), wide
    return faiss_search.hnsw_search(features, block_rows, effort.links), wide
