"""The largest entries of each row, collected while tiles of a product come by; then put in exact order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ucal.compiled import compiled
from ucal.types import FloatArray, IntArray

Ids = NDArray[np.int32]
_LANE = 64  # entries compared at once before any is looked at alone


@compiled
def _replace_least(values: FloatArray, ids: Ids, row: int, value: np.float32, id_: int) -> None:
    """Put an entry in the place of the heap's least and sift it down."""
    width = values.shape[1]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= width:
            break
        if child + 1 < width and values[row, child + 1] < values[row, child]:
            child += 1
        if values[row, child] >= value:
            break
        values[row, place] = values[row, child]
        ids[row, place] = ids[row, child]
        place = child
    values[row, place] = value
    ids[row, place] = id_


@compiled
def any_over(values: FloatArray, limit: np.float32) -> np.int32:
    """Give 1 if a whole lane of values has one above the limit, else 0, without a branch a value."""
    over = np.int32(0)
    for place in range(_LANE):
        over |= np.int32(values[place] > limit)
    return over


@compiled
def _any_over_own(values: FloatArray, limits: FloatArray) -> np.int32:
    over = np.int32(0)
    for place in range(_LANE):
        over |= np.int32(values[place] > limits[place])
    return over


@compiled
def take_rows(tile: FloatArray, span: tuple[int, int], corner: tuple[int, int], values: FloatArray, ids: Ids) -> None:
    """Offer the tile's entries to the heaps of its rows span[0]..span[1]; corner = (first row, first column).

    values, ids (n, width): heaps, the least first, changed in place.
    """
    columns = tile.shape[1]
    for row in range(span[0], span[1]):
        heap = corner[0] + row
        least = values[heap, 0]
        line = tile[row]
        for first in range(0, columns, _LANE):
            last = min(first + _LANE, columns)
            if last - first == _LANE and any_over(line[first:last], least) == 0:
                continue
            for column in range(first, last):
                if line[column] > least:
                    _replace_least(values, ids, heap, line[column], corner[1] + column)
                    least = values[heap, 0]


@compiled
def take_columns(
    tile: FloatArray, span: tuple[int, int], corner: tuple[int, int], values: FloatArray, ids: Ids
) -> None:
    """Offer the tile's entries to the heaps of its columns span[0]..span[1], as the transposed tile's rows."""
    width = span[1] - span[0]
    heaps = corner[1] + span[0]
    least = values[heaps : heaps + width, 0].copy()
    for row in range(tile.shape[0]):
        line = tile[row, span[0] : span[1]]
        for first in range(0, width, _LANE):
            last = min(first + _LANE, width)
            if last - first == _LANE and _any_over_own(line[first:last], least[first:last]) == 0:
                continue
            for column in range(first, last):
                if line[column] > least[column]:
                    _replace_least(values, ids, heaps + column, line[column], corner[0] + row)
                    least[column] = values[heaps + column, 0]


@compiled
def inner(features: FloatArray, left: int, right: int) -> float:
    """Give the float64 inner product of two float32 rows; (a, b) and (b, a) give the same bits."""
    total = 0.0
    for place in range(features.shape[1]):
        total += np.float64(features[left, place]) * np.float64(features[right, place])
    return total


@compiled
def settle(
    features: FloatArray,
    rows: IntArray,
    found: tuple[FloatArray, Ids],
    errors: NDArray[np.float64],
    ids: IntArray,
    unproven: NDArray[np.bool_],
) -> None:
    """Order candidates exactly: float64 products rounded to float32, falling, ties by index.

    found: approximate similarities (b, width) in any order and their ids, for `rows` (b,). errors (b, 2):
    how far a row's approximate similarity may be from the true one, as absolute + relative share.
    Writes the first k to ids (b, k). unproven (b,) becomes True where a row that is no candidate might belong.
    """
    values, candidates = found
    width, k = values.shape[1], ids.shape[1]
    exact = np.empty(width, np.float32)
    order = np.empty(width, np.int64)
    for place in range(len(rows)):
        row = rows[place]
        sorted_values = np.sort(values[place])
        kth, least = np.float64(sorted_values[width - k]), np.float64(sorted_values[0])
        kth -= errors[place, 0] + errors[place, 1] * abs(kth)
        count = 0
        for i in range(width):
            value = np.float64(values[place, i])
            if value + errors[place, 0] + errors[place, 1] * abs(value) < kth:
                continue  # k others are surely nearer
            candidate = candidates[place, i]
            similarity = np.float32(inner(features, row, candidate))
            spot = count
            while spot > 0 and (
                exact[spot - 1] < similarity or (exact[spot - 1] == similarity and order[spot - 1] > candidate)
            ):
                exact[spot], order[spot] = exact[spot - 1], order[spot - 1]
                spot -= 1
            exact[spot], order[spot] = similarity, candidate
            count += 1
        for i in range(k):
            ids[place, i] = order[i]
        bound = least + errors[place, 0] + errors[place, 1] * abs(least)
        unproven[place] = width < len(features) and not exact[k - 1] > bound + 1e-7 * abs(bound)
