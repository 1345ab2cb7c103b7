"""The only file that knows faiss: its indices as candidates for `ucal.neighbours`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ucal.candidates import Candidates, Search, float32_slack, int32
from ucal.errors import ConfigError
from ucal.products import rows_top
from ucal.seams import Check
from ucal.types import FloatArray


def flat_search(features: FloatArray, block_rows: int, device: str) -> Search:
    """Search with IndexFlatIP: exact up to float32's rounding. On `cuda` with faiss's own GPU index where it has one.

    Raises:
        ConfigError: faiss is not installed.
    """
    faiss = _faiss()

    def search(width: int, check: Check, tell: Callable[[int], None]) -> Iterator[Candidates]:
        index = on_device(faiss, faiss.IndexFlatIP(features.shape[1]), device)
        index.add(features)
        yield from _blocks(index, features, width, block_rows, check, tell)

    return search


def ivf_search(features: FloatArray, block_rows: int, probes: int, device: str) -> Search:
    """Search the `probes` nearest of about 4 sqrt(n) lists (IndexIVFFlat); what lies in other lists is missed.

    Raises:
        ConfigError: faiss is not installed.
    """
    faiss = _faiss()

    def search(width: int, check: Check, tell: Callable[[int], None]) -> Iterator[Candidates]:
        n, d = features.shape
        lists = max(1, min(int(4 * np.sqrt(n)), n // 39))  # 39: k-means' own least number of rows a list
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, lists, faiss.METRIC_INNER_PRODUCT)
        index.cp.max_points_per_centroid = 64
        index.nprobe = min(probes, lists)
        index = on_device(faiss, index, device)
        index.train(features[:: max(1, n // (64 * lists))])
        check()
        index.add(features)
        yield from _filled(_blocks(index, features, width, block_rows, check, tell), features, block_rows, check)

    return search


def hnsw_search(features: FloatArray, block_rows: int, effort: int) -> Search:
    """Search a graph of 32 links a row (IndexHNSWFlat, efSearch = effort), on the CPU.

    Raises:
        ConfigError: faiss is not installed.
    """
    faiss = _faiss()

    def search(width: int, check: Check, tell: Callable[[int], None]) -> Iterator[Candidates]:
        index = faiss.IndexHNSWFlat(features.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efSearch = max(effort, width)
        for start in range(0, len(features), block_rows):
            check()
            index.add(features[start : start + block_rows])
        yield from _filled(_blocks(index, features, width, block_rows, check, tell), features, block_rows, check)

    return search


def _filled(blocks: Iterator[Candidates], features: FloatArray, block_rows: int, check: Check) -> Iterator[Candidates]:
    """Search rows that got too few candidates (faiss says -1) among all rows."""
    for found in blocks:
        short = np.flatnonzero((found.ids < 0).any(axis=1))
        if len(short):
            width = found.ids.shape[1]
            found.values[short], found.ids[short] = rows_top(features, found.rows[short], width, block_rows, check)
        yield found


def _blocks(
    index: Any, features: FloatArray, width: int, block_rows: int, check: Check, tell: Callable[[int], None]
) -> Iterator[Candidates]:
    slack = float32_slack(features)
    for start in range(0, len(features), block_rows):
        check()
        values, ids = index.search(features[start : start + block_rows], width)
        errors = np.tile([slack, 0.0], (len(ids), 1))
        yield Candidates(np.arange(start, start + len(ids)), values, int32(ids), errors)
        if start + block_rows < len(features):
            tell(start + block_rows)


def on_device(faiss: Any, index: Any, device: str) -> Any:
    """Move an index to the GPU where this faiss was built for one (faiss-gpu); faiss-cpu stays on the CPU."""
    if not device.startswith("cuda") or not hasattr(faiss, "StandardGpuResources"):
        return index
    number = int(device.partition(":")[2] or 0)
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), number, index)


def _faiss() -> Any:
    import torch

    try:
        import faiss
    except ImportError as error:
        raise ConfigError("neighbours: 'faiss' is not installed; install it or set neighbours to 'torch'") from error
    faiss.omp_set_num_threads(torch.get_num_threads())
    return faiss
