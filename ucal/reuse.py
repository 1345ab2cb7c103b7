"""Neighbour lists kept from round to round: only rows whose list may have changed are searched again.

A row's list stays exact when neither the row nor a member of its list moved and no moved row comes
near its last member. So what is reused is what a new search would give, to the bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.candidates import float32_slack
from ucal.events import Event, Sink, silent
from ucal.neighbours import checked_features, pair_similarities, search_again
from ucal.seams import Check, never
from ucal.types import BoolArray, FloatArray, IntArray

_WORTH = 0.25  # share of rows (moved, then to be searched again) above which everything is searched again


@dataclass(slots=True)
class KeptLists:
    """The lists of the last call, and a 128-bit digest of each row they were made from; changed by `lists`."""

    exact: bool = True  # False: approximate lists are reused only where nothing moved at all
    digests: NDArray[np.uint64] | None = None
    ids: IntArray | None = None

    def lists(
        self,
        features: FloatArray,
        k: int,
        search: Callable[[], IntArray],
        block_rows: int = 2048,
        check: Check = never,
        sink: Sink = silent,
    ) -> tuple[IntArray, float]:
        """Give ids (n, k) as `search` would, and the share of rows whose list was reused.

        Sends the event `reused` (share) when there was something to reuse.
        """
        features = checked_features(features)
        digests = digests_of(features)
        moved = self._moved(digests, k)
        if moved is None or self.ids is None:
            ids, share = search(), 0.0
        else:
            again = _may_differ(features, self.ids, moved, block_rows, check)
            if again.mean() > _WORTH:
                ids, share = search(), 0.0
            else:
                ids, share = self.ids.copy(), 1.0 - float(again.mean())
                ids[again] = search_again(features, np.flatnonzero(again), ids.shape[1], block_rows, check)
            sink(Event("reused", {"share": share}))
        self.digests, self.ids = digests, ids
        return ids, share

    def _moved(self, digests: NDArray[np.uint64], k: int) -> BoolArray | None:
        """Give which rows moved (n,), or None where a whole search is the better or the only way."""
        if self.digests is None or self.ids is None or self.digests.shape != digests.shape:
            return None
        if self.ids.shape[1] != min(k, len(digests)):
            return None
        moved: BoolArray = (self.digests != digests).any(axis=1)
        return None if moved.mean() > (_WORTH if self.exact else 0.0) else moved


def digests_of(features: FloatArray) -> NDArray[np.uint64]:
    """Give a 128-bit digest of each row and its length, (n, 2)."""
    salt = str(features.shape[1]).encode()[:16]
    raw = b"".join(hashlib.blake2b(row, digest_size=16, salt=salt).digest() for row in features)
    return np.frombuffer(raw, np.uint64).reshape(len(features), 2)


def _may_differ(features: FloatArray, ids: IntArray, moved: BoolArray, block_rows: int, check: Check) -> BoolArray:
    """Give which rows' lists may have changed, (n,)."""
    import torch

    from ucal.products import full_float32

    again: BoolArray = moved | moved[ids].any(axis=1)
    still, columns = np.flatnonzero(~again), np.flatnonzero(moved)
    if not len(columns):
        return again
    last = pair_similarities(features, still, ids[still, -1]) - float32_slack(features)
    for start in range(0, len(still), block_rows):
        check()
        rows = still[start : start + block_rows]
        left = torch.from_numpy(features[rows])
        nearest = np.full(len(rows), -np.inf)
        for column in range(0, len(columns), block_rows):
            right = torch.from_numpy(features[columns[column : column + block_rows]])
            with full_float32():
                nearest = np.maximum(nearest, (left @ right.T).amax(dim=1).numpy())
        again[rows] = nearest >= last[start : start + block_rows]
    return again
