"""DBSCAN and SpCL's reliability on a device: `ucal.clustering`'s rules, whole numbers throughout."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ucal.on_device.jaccard import Ragged
from ucal.on_device.ragged import owners
from ucal.types import OUTLIER


def dbscan_on(distance: Ragged, eps: float, min_samples: int) -> Tensor:
    """Give `ucal.clustering.dbscan`'s labels, (n,) int64."""
    n, device = len(distance.counts), distance.counts.device
    if np.float32(eps) >= 1.0:  # every pair is near, the absent ones too
        return torch.full((n,), 0 if n >= min_samples else OUTLIER, device=device)
    near = distance.values <= float(np.float32(eps))
    row, column = owners(distance.counts)[near], distance.ids[near].long()
    core = torch.bincount(row, minlength=n) >= min_samples
    inner = core[row] & core[column]
    first = components(row[inner], column[inner], n)
    numbers = ((first == torch.arange(n, device=device)) & core).cumsum(0) - 1
    labels = torch.where(core, numbers[first], OUTLIER)
    border = ~core[row] & core[column]
    reached = torch.full((n,), n, device=device)
    reached.scatter_reduce_(0, row[border], labels[column[border]], "amin")
    return torch.where(reached < n, reached, labels)


def components(left: Tensor, right: Tensor, n: int) -> Tensor:
    """Give the smallest row of each row's component, (n,); edges (left, right) come in both directions.

    Source: Zhang, Azad & Hu 2020 (FastSV): about log n turns, each over all edges.
    """
    parent = torch.arange(n, device=left.device)
    while True:
        grand = parent[parent]
        lower = grand.clone()
        lower.scatter_reduce_(0, parent[left], grand[right], "amin")
        lower.scatter_reduce_(0, left, grand[right], "amin")
        if torch.equal(lower, parent):
            return parent
        parent = lower


def self_paced_on(base: Tensor, tight: Tensor, loose: Tensor, threshold: float | None) -> tuple[Tensor, float | None]:
    """Give `ucal.clustering.self_paced`'s labels, (n,), and threshold."""
    own, sizes = _singled(base)
    comp, indep = _instability(own, _singled(tight)[0]), _instability(own, _singled(loose)[0])
    ones = torch.ones(len(sizes), dtype=torch.float64, device=base.device)
    cluster_comp = ones.scatter_reduce(0, own, comp, "amin")
    cluster_indep = ones.scatter_reduce(0, own, indep, "amin")
    if threshold is None:
        known = cluster_indep[sizes > 1].sort().values
        if not len(known):
            return base.clone(), None
        threshold = float(known[min(len(known) - 1, int(np.around(0.9 * len(known))))])
    kept = (cluster_indep[own] <= threshold) & (comp <= cluster_comp[own])
    return torch.where(kept, base, OUTLIER), threshold


def _singled(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Make each outlier a class of its own: (class of each row (n,), sizes (classes,))."""
    if not len(labels):
        return labels, labels
    alone = torch.arange(len(labels), device=labels.device) + labels.max() + 1
    _, codes, sizes = torch.unique(
        torch.where(labels == OUTLIER, alone, labels), return_inverse=True, return_counts=True
    )
    return codes, sizes


def _instability(own: Tensor, other: Tensor) -> Tensor:
    """Give 1 - |A & B| / |A | B| for each row's class in two partitions, (n,) float64."""
    if not len(own):
        return own.double()
    _, codes, shared = torch.unique(own * (other.max() + 1) + other, return_inverse=True, return_counts=True)
    both: Tensor = shared[codes]
    either = torch.bincount(own)[own] + torch.bincount(other)[other] - both
    return 1.0 - both.double() / either.double()
