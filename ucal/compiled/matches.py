"""Ranks of a query's matches in a gallery that is never sorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ucal.compiled import compiled
from ucal.compiled.top_k import any_over
from ucal.types import FloatArray, IntArray

Doubles = NDArray[np.float64]


@compiled
def _similarity(query: FloatArray, gallery: FloatArray, row: int) -> float:
    total = 0.0
    for place in range(len(query)):
        total += np.float64(query[place]) * np.float64(gallery[row, place])
    return total


@compiled
def _before(sought: FloatArray, rows: IntArray, distance: np.float32, row: int) -> int:
    """Give the first place in (sought, rows), rising, that (distance, row) comes before."""
    place = np.searchsorted(sought, distance)
    while place < len(rows) and sought[place] == distance and rows[place] < row:
        place += 1
    return int(place)


@compiled
def _relevant(camera: int, members: IntArray, cameras: IntArray) -> IntArray:
    """Give the members, rising, that another camera (or one unknown) took."""
    rows = np.empty(len(members), np.int64)
    count = 0
    for row in members:
        if camera < 0 or cameras[row] != camera:
            rows[count] = row
            count += 1
    return rows[:count]


@compiled
def _count_nearer(
    line: FloatArray,
    sides: tuple[FloatArray, FloatArray],
    identities: tuple[int, IntArray],
    sought: tuple[Doubles, FloatArray, IntArray],
    slack: float,
) -> IntArray:
    """Count the gallery rows that come before each match but not before an earlier one, (matches + 1,).

    line: approximate similarities, off by less than `slack`; where that leaves the order open, the exact
    distance decides. sought: negated similarities (rising), distances and rows of the matches.
    """
    counts = np.zeros(len(sought[2]) + 1, np.int64)
    least = np.float32(-sought[0][len(sought[2]) - 1] - 2.0 * slack)
    for first in range(0, len(line), 64):
        last = min(first + 64, len(line))
        if last - first == 64 and any_over(line[first:last], least) == 0:
            continue
        for row in range(first, last):
            if line[row] < least or identities[1][row] < 0 or identities[1][row] == identities[0]:
                continue
            value = -np.float64(line[row])
            place = int(np.searchsorted(sought[0], value - slack))
            if place < np.searchsorted(sought[0], value + slack, side="right"):
                distance = np.float32(2.0 - 2.0 * _similarity(sides[0], sides[1], row))
                place = _before(sought[1], sought[2], distance, row)
            counts[place] += 1
    return counts


@compiled
def ranks(
    tile: FloatArray,
    sides: tuple[FloatArray, FloatArray],
    who: tuple[IntArray, IntArray, IntArray, IntArray],
    by_identity: tuple[IntArray, IntArray],
    span: tuple[int, int],
    slack: float,
) -> tuple[IntArray, IntArray]:
    """Give (matches of each query (span,), their 1-based ranks, rising, one query after another).

    tile (b, g): float32 similarities of the queries; sides: features (b, d) and (g, d); who: query identities
    and cameras (b,), gallery identities and cameras (g,); by_identity: gallery rows sorted by identity, rows
    rising, and (b, 2) where each query's identity begins and ends there. Order: (float32 of 2 - 2 cos, row).
    """
    found = np.zeros(span[1] - span[0], np.int64)
    room = 0
    for query in range(span[0], span[1]):
        room += by_identity[1][2 * query + 1] - by_identity[1][2 * query]
    positions = np.empty(room, np.int64)
    size = 0
    for query in range(span[0], span[1]):
        members = by_identity[0][by_identity[1][2 * query] : by_identity[1][2 * query + 1]]
        rows = _relevant(who[1][query], members, who[3])
        if len(rows) == 0:
            continue
        similarities = np.empty(len(rows), np.float64)
        for place in range(len(rows)):
            similarities[place] = _similarity(sides[0][query], sides[1], rows[place])
        distances = (2.0 - 2.0 * similarities).astype(np.float32)
        order = np.argsort(distances, kind="mergesort")
        negated = np.sort(-similarities)
        counts = _count_nearer(
            tile[query],
            (sides[0][query], sides[1]),
            (who[0][query], who[2]),
            (negated, distances[order], rows[order]),
            slack,
        )
        nearer = 0
        for place in range(len(rows)):
            nearer += counts[place]
            positions[size + place] = place + 1 + nearer
        found[query - span[0]] = len(rows)
        size += len(rows)
    return found, positions[:size].copy()
