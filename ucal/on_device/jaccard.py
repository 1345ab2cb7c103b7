"""The k-reciprocal Jaccard distance on a device: `ucal.jaccard`'s steps, sparse, in runs of rows that fit the memory.

Where the compiled loops keep an array as long as n for each row, here the meetings of a run of rows are
written out as (pair, value), sorted by pair and summed: sums have the same order, k rising.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ucal.events import Event, Sink, silent
from ucal.on_device.ragged import ENTRIES, owners, ranges, runs, starts_of, summed
from ucal.seams import Check, never
from ucal.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Ragged:
    """A sparse (n, n) matrix: `counts` (n,) int64 entries a row, their columns (rising, int32) and values."""

    counts: Tensor
    ids: Tensor
    values: Tensor


def distance_on(  # noqa: PLR0913 - as `ucal.jaccard.distance_of_ranks`
    device: torch.device,
    features: FloatArray,
    ranks: IntArray,
    *,
    k1: int = 30,
    k2: int = 6,
    loosest: float = 0.6,
    entries: int = ENTRIES,
    check: Check = never,
    sink: Sink = silent,
) -> Ragged:
    """Give the pairs with D <= loosest, float32, both (i, j) and (j, i).

    Memory on the device: the features, `entries` meetings at about 60 bytes, some 2 kB a row.
    """
    matrix = torch.from_numpy(features).to(device)
    lists = torch.from_numpy(np.ascontiguousarray(ranks, np.int32)).to(device)
    weights = softmax_weights(matrix, *expanded(lists, k1, entries), entries)
    del matrix
    return mirrored(near_pairs(averaged(weights, lists[:, :k2], entries), loosest, entries, check, sink))


def expanded(lists: Tensor, k1: int, entries: int = ENTRIES) -> tuple[Tensor, Tensor]:
    """Give `ucal.jaccard.expanded_neighbours` of lists (n, k): entries a row (n,), ids rising int32."""
    n = len(lists)
    full = _mutual(lists[:, :k1], entries)
    half = _mutual(lists[:, : min(int(np.around(k1 / 2)) + 1, k1)], entries)
    members = (half < n).sum(dim=1)
    counts, ids = [lists.new_empty(0, dtype=torch.int64)], [lists.new_empty(0)]
    step = max(1, entries // max(1, full.shape[1] * (half.shape[1] + 1)))
    for start in range(0, n, step):
        own = full[start : start + step]
        neighbour = own.clamp(max=n - 1).long()
        others = half[neighbour]
        flat = others.flatten(1)
        place = torch.searchsorted(own, flat).clamp(max=own.shape[1] - 1)
        shared = ((own.gather(1, place) == flat) & (flat < n)).view(others.shape).sum(dim=2)
        joins = (own < n) & (3 * shared > 2 * members[neighbour])
        together = torch.cat([own, torch.where(joins[:, :, None], others, n).flatten(1)], dim=1).sort(dim=1).values
        new = together < n
        new[:, 1:] &= together[:, 1:] != together[:, :-1]
        counts.append(new.sum(dim=1))
        ids.append(together[new])
    return torch.cat(counts), torch.cat(ids)


def _mutual(lists: Tensor, entries: int) -> Tensor:
    """Give the j, rising, that are in i's list and have i in theirs, (n, width) int32; n fills the rest."""
    n, width = lists.shape
    out = torch.empty_like(lists)
    step = max(1, entries // max(1, width**2))
    for start in range(0, n, step):
        part = lists[start : start + step]
        own = torch.arange(start, start + len(part), device=lists.device, dtype=lists.dtype)
        back = (lists[part.long()] == own[:, None, None]).any(dim=2)
        out[start : start + step] = torch.where(back, part, n).sort(dim=1).values
    return out


def softmax_weights(matrix: Tensor, counts: Tensor, ids: Tensor, entries: int = ENTRIES) -> Ragged:
    """Give V (n, n) float64: over each row's neighbours, the softmax of minus the squared distance."""
    values = torch.empty(len(ids), dtype=torch.float64, device=matrix.device)
    starts = starts_of(counts).cpu().numpy()
    for start, stop in runs(counts, max(1, entries // max(1, matrix.shape[1]))):
        here = slice(int(starts[start]), int(starts[stop]))
        left = owners(counts[start:stop])
        products = matrix[left + start].double() * matrix[ids[here].long()].double()
        closeness = torch.exp(2.0 * products.sum(dim=1) - 2.0)
        values[here] = closeness / torch.segment_reduce(closeness, "sum", lengths=counts[start:stop])[left]
    return Ragged(counts, ids, values)


def averaged(weights: Ragged, nearest: Tensor, entries: int = ENTRIES) -> Ragged:
    """Replace each row of V by the mean over its nearest rows (n, k2): local query expansion."""
    n, width = nearest.shape
    starts = starts_of(weights.counts)
    parts = []
    for start, stop in runs(weights.counts[nearest.long()].sum(dim=1), entries):
        rows = nearest[start:stop].flatten().long()
        entry, owner = ranges(starts[rows], weights.counts[rows])
        keys, sums = summed(owner // width * n + weights.ids[entry], weights.values[entry])
        counts = torch.bincount(keys // n, minlength=stop - start)
        parts.append(Ragged(counts, (keys % n).int(), sums / width))
    return _joined(parts, weights)


def near_pairs(
    weights: Ragged, loosest: float, entries: int = ENTRIES, check: Check = never, sink: Sink = silent
) -> Ragged:
    """Give D = 1 - m / (2 - m) for m(i, j) = sum_k min(V_ik, V_jk), j >= i, where D <= loosest, as float32."""
    n = len(weights.counts)
    row = owners(weights.counts)
    order = torch.sort(weights.ids, stable=True).indices  # by column k, rows rising
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    column_ends = torch.bincount(weights.ids, minlength=n).cumsum(0)
    meetings = column_ends[weights.ids.long()] - place  # from each entry (i, k) on: the j >= i in k's column
    starts = starts_of(weights.counts).cpu().numpy()
    total = torch.zeros(n, dtype=torch.int64, device=row.device).index_add_(0, row, meetings)
    parts = []
    for start, stop in runs(total, entries):
        check()
        here = slice(int(starts[start]), int(starts[stop]))
        met, owner = ranges(place[here], meetings[here])
        other = order[met]
        keys = (row[here][owner] - start) * n + row[other]
        keys, sums = summed(keys, torch.minimum(weights.values[here][owner], weights.values[other]))
        distance = (1.0 - sums / (2.0 - sums)).clamp(0.0, 1.0).float()
        near = distance <= float(np.float32(loosest))
        keys, distance = keys[near], distance[near]
        parts.append(Ragged(torch.bincount(keys // n, minlength=stop - start), (keys % n).int(), distance))
        sink(Event("progress", {"done": stop, "total": n, "what": "cluster"}))
    return _joined(parts, Ragged(weights.counts, weights.ids, weights.values.float()))


def mirrored(upper: Ragged) -> Ragged:
    """Give the symmetric matrix of an upper triangle."""
    n = len(upper.counts)
    row, column = owners(upper.counts), upper.ids.long()
    beside = row != column
    keys = torch.cat([row * n + column, (column * n + row)[beside]])
    keys, order = torch.sort(keys)
    values = torch.cat([upper.values, upper.values[beside]])[order]
    return Ragged(torch.bincount(keys // max(1, n), minlength=n), (keys % max(1, n)).int(), values)


def _joined(parts: list[Ragged], like: Ragged) -> Ragged:
    """Put consecutive rows together; no parts: no rows."""
    if not parts:
        return Ragged(like.counts[:0], like.ids[:0], like.values[:0])
    return Ragged(*(torch.cat([getattr(part, name) for part in parts]) for name in ("counts", "ids", "values")))
