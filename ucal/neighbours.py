"""Exact nearest neighbours in blocks: the same answer whatever the engine, the block or the device.

An engine multiplies in float32 and proposes a few candidates more than are asked for. Every order
that float32 cannot be sure of (near ties, and the edge of the list) is settled in float64 rounded
to float32, ties by index. So equal rows tie exactly, and engines agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ucal.errors import ConfigError, FeaturesError
from ucal.events import Event, Sink, silent
from ucal.seams import Check, never
from ucal.types import FloatArray, IntArray

Engine = Literal["torch", "faiss"]
Index = NDArray[np.integer[Any]]
Search = Callable[[int, int, int], tuple[IntArray, FloatArray]]
"""(first row, last row + 1, how many) -> their ids and float32 similarities, falling."""

_SPARE = 8  # candidates beyond k, so that the edge of the list is nearly always settled without a second look
_CHUNK = 1 << 20  # numbers held at once by the float64 work


def nearest(  # noqa: PLR0913 - the one door to a search: what, how, and who watches
    features: FloatArray,
    k: int,
    *,
    engine: Engine = "torch",
    block_rows: int = 2048,
    device: str = "cpu",
    check: Check = never,
    sink: Sink = silent,
) -> tuple[IntArray, FloatArray]:
    """Find the k rows with the largest inner product, for every row; itself included.

    features (n, d), rows of length 1, so that this is rising squared L2 too. k is capped at n.
    Ties go to the lower index: of many equal rows, a row need not be in its own list.
    Gives ids (n, k) int64 and similarities (n, k) float32. Memory: block_rows x n floats.

    Raises:
        FeaturesError: not two-dimensional, or not finite.
        ConfigError: k below 1, or an unknown engine.
    """
    ids = nearest_ids(features, k, engine=engine, block_rows=block_rows, device=device, check=check, sink=sink)
    rows = np.repeat(np.arange(len(ids)), ids.shape[1])
    return ids, pair_similarities(features, rows, ids.ravel()).astype(np.float32).reshape(ids.shape)


def nearest_ids(  # noqa: PLR0913 - as `nearest`
    features: FloatArray,
    k: int,
    *,
    engine: Engine = "torch",
    block_rows: int = 2048,
    device: str = "cpu",
    check: Check = never,
    sink: Sink = silent,
) -> IntArray:
    """Give `nearest`'s ids alone, (n, k) int64: cheaper by n x k inner products."""
    features = checked_features(features)
    if k < 1:
        raise ConfigError(f"nearest: expected k of at least 1, got {k}")
    n = len(features)
    k, wide = min(k, n), min(k + _SPARE, n)
    search = _engine(engine, features, device)
    slack = _float32_slack(features)
    ids = np.empty((n, k), np.int64)
    for start in range(0, n, block_rows):
        check()
        stop = min(start + block_rows, n)
        ids[start:stop] = _settle(features, start, search(start, stop, wide), k, slack)
        sink(Event("progress", {"done": stop, "total": n, "what": "cluster"}))
    return ids


def pair_similarities(features: FloatArray, left: Index, right: Index) -> NDArray[np.float64]:
    """Give the float64 inner product of each (left, right) pair of rows, (m,)."""
    out = np.empty(len(left), np.float64)
    step = max(1, _CHUNK // max(1, features.shape[1]))
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
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise FeaturesError(f"features: expected finite numbers, got NaN or inf in {len(bad)} rows, first {bad[0]}")
    return np.require(features, np.float32, ["C", "W"])


def _engine(engine: str, features: FloatArray, device: str) -> Search:
    if engine not in _ENGINES:
        raise ConfigError(f"neighbours: expected one of {', '.join(_ENGINES)}, got {engine!r}")
    return _ENGINES[engine](features, device)


def _torch_search(features: FloatArray, device: str) -> Search:
    import torch

    matrix = torch.from_numpy(features).to(device)

    def search(start: int, stop: int, wide: int) -> tuple[IntArray, FloatArray]:
        with _full_float32():
            similarities, ids = (matrix[start:stop] @ matrix.T).topk(wide, dim=1)
        return ids.cpu().numpy(), similarities.cpu().numpy()

    return search


@contextmanager
def _full_float32() -> Iterator[None]:
    """Switch TF32 off: its 10-bit products would make the candidates wrong, not only unsure."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _faiss_search(features: FloatArray, device: str) -> Search:
    try:
        import faiss
    except ImportError as error:
        raise ConfigError("neighbours: 'faiss' is not installed; install it or set neighbours to 'torch'") from error
    index: Any = faiss.IndexFlatIP(features.shape[1])
    index.add(features)

    def search(start: int, stop: int, wide: int) -> tuple[IntArray, FloatArray]:
        similarities, ids = index.search(features[start:stop], wide)
        return ids, similarities

    return search


_ENGINES: dict[str, Callable[[FloatArray, str], Search]] = {"torch": _torch_search, "faiss": _faiss_search}


def _float32_slack(features: FloatArray) -> float:
    """Bound the error of a difference of two float32 inner products of these rows (a wide bound)."""
    longest = float(np.max(np.vecdot(features, features), initial=0.0))
    return float(8.0 * np.sqrt(features.shape[1]) * 2.0**-24 * longest)


def _settle(features: FloatArray, start: int, found: tuple[IntArray, FloatArray], k: int, slack: float) -> IntArray:
    """Order candidates (b, wide) of the rows start.. exactly and give the first k ids (b, k)."""
    ids, similarities = found
    close = similarities[:, :-1] - similarities[:, 1:] <= slack
    unsure = np.zeros(ids.shape, bool)
    unsure[:, :-1] |= close
    unsure[:, 1:] |= close
    rows, places = np.nonzero(unsure)
    exact = similarities.astype(np.float32, copy=True)
    exact[rows, places] = pair_similarities(features, rows + start, ids[rows, places])
    ids = np.take_along_axis(ids, np.lexsort((ids, -exact), axis=-1), axis=1)[:, :k]
    if similarities.shape[1] < len(features):
        open_end = np.flatnonzero(similarities[:, k - 1] - similarities[:, -1] <= slack)
        ids[open_end] = _search_exactly(features, open_end + start, k)
    return ids


def _search_exactly(features: FloatArray, rows: IntArray, k: int) -> IntArray:
    """Search all columns in float64, for rows with more near ties than spare candidates."""
    n = len(features)
    ids = np.empty((len(rows), k), np.int64)
    step = max(1, _CHUNK // n)
    for first in range(0, len(rows), step):
        part = rows[first : first + step]
        left = features[part].astype(np.float64)
        similarities = np.empty((len(part), n), np.float32)
        for column in range(0, n, 4096):
            similarities[:, column : column + 4096] = left @ features[column : column + 4096].astype(np.float64).T
        ids[first : first + step] = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    return ids
