"""Pages: for each cluster its anchor and the tiles whose answers move the most pairs of images per action."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.efficient.components import Components
from ucal.efficient.guess import Frame
from ucal.efficient.keys import found_in
from ucal.efficient.linkage import Groups, dots
from ucal.efficient.preparation import sums
from ucal.efficient.tiles import AUDIT, AUDIT_MARGIN, LOG_CLUSTER, LOG_TILE, MARGIN, N_SIGNALS, SINGLE, TileBelief, Z
from ucal.types import BoolArray, FloatArray, IntArray

Double = NDArray[np.float64]
_OUTSIDE = 30  # components outside a cluster that may be asked about
_AUDITS = 8  # rows of an anchor that may be audited on one page
_LEAST_SHARE = 0.005  # of the page's best value that a tile must be worth
_PRICE_SHARE = 0.01  # lambda: how dear an action is; low, as a click that is left out has to be made on a later page


@dataclass(frozen=True, slots=True)
class World:
    """The best guess, seen from the clusters.

    groups, parts   the components; clusters (c,) is each component's cluster
    wholes          the clusters' sums and sizes
    anchors (q,)    each cluster's anchor: its largest component, ties to the first
    """

    rows: FloatArray
    groups: Groups
    parts: Components
    clusters: IntArray
    wholes: Groups
    anchors: IntArray


@dataclass(frozen=True, slots=True)
class Candidates:
    """All tiles that could be asked, (t,) each.

    cluster, group  the page it would be on, and the component asked about (of an audit: the anchor)
    row             the audited row, else -1
    inside          in the cluster now
    value           V: expected pairs of images that the answer puts right
    p               P(same as the anchor);  click = min(p, 1 - p): the expected toggles
    """

    cluster: IntArray
    group: IntArray
    row: IntArray
    inside: BoolArray
    signals: Double
    p: Double
    value: Double

    @property
    def click(self) -> Double:
        """Give the expected toggles."""
        return np.minimum(self.p, 1 - self.p)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: a cluster, its tiles (places in the candidates), and what it is expected to bring."""

    cluster: int
    tiles: IntArray
    gain: float
    rate: float  # gain per expected action


def world(rows: FloatArray, groups: Groups, parts: Components, clusters: IntArray) -> World:
    """Put the clusters together."""
    count = int(clusters.max(initial=-1)) + 1
    sizes = np.bincount(clusters, weights=groups.sizes, minlength=count).astype(np.int64)
    order = np.lexsort((np.arange(len(clusters)), -groups.sizes, clusters))
    anchors = order[np.unique(clusters[order], return_index=True)[1]]
    return World(rows, groups, parts, clusters, Groups(sums(groups.sums, clusters, count), sizes), anchors)


def candidates(
    scene: World, pairs: IntArray, similarity: Double, shown: BoolArray, frame: Frame, belief: TileBelief
) -> Candidates:
    """Give every tile worth considering: inside, outside (near by `pairs` (e, 2)), and audits.

    similarity (e,): that of the pairs. shown (n,): rows that somebody judged already; they are not audited.
    """
    inner, outer, audits = _inside(scene), _outside(scene, pairs, similarity), _audits(scene, shown)
    best, second, holder = _best_two(scene, inner, outer)
    parts = []
    for kind, (cluster, group, row, alike) in enumerate((inner, outer, audits)):
        other = np.where(holder[group] == cluster, second[group], best[group])
        margin = (alike - np.maximum(other, frame.median - 3 * frame.sd)) / frame.sd
        parts.append(_tiles(scene, (cluster, group, row), kind, frame.z(alike), margin, belief))
    return Candidates(
        np.concatenate([part.cluster for part in parts]),
        np.concatenate([part.group for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.inside for part in parts]),
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.p for part in parts]),
        np.concatenate([part.value for part in parts]),
    )


_Found = tuple[IntArray, IntArray, IntArray, Double]
"""cluster, component, row (-1 = none), similarity"""


def _inside(scene: World) -> _Found:
    """Give the components of clusters of two or more that are not the anchor, without themselves."""
    group = np.setdiff1d(np.arange(len(scene.clusters)), scene.anchors)
    cluster = scene.clusters[group]
    return cluster, group, np.full(len(group), -1), _without(scene, cluster, group)


def _without(scene: World, cluster: IntArray, group: IntArray) -> Double:
    """Give the similarity of components to the rest of their own clusters."""
    own, size = scene.groups.sums[group], scene.groups.sizes[group]
    rest = scene.wholes.sizes[cluster] - size
    total = np.vecdot(scene.wholes.sums[cluster] - own, own)
    return np.where(rest > 0, total / np.maximum(rest * size, 1), -np.inf)


def _outside(scene: World, pairs: IntArray, alike: Double) -> _Found:
    """Give the near components of other clusters that no answer keeps from the anchor, the 30 most similar each.

    Of a cluster that is one component the similarity is the pair's own, alike (e,).
    """
    both = np.concatenate([pairs, pairs[:, ::-1]])
    cluster, group = scene.clusters[both[:, 0]], both[:, 1]
    apart = cluster != scene.clusters[group]
    count = np.int64(len(scene.clusters))
    keys, first = np.unique(cluster[apart] * count + group[apart], return_index=True)
    similarity = np.concatenate([alike, alike])[apart][first]
    free = ~found_in(keys, np.sort(_refused(scene)))
    keys, similarity = keys[free], similarity[free]
    cluster, group = keys // count, keys % count
    held = np.bincount(scene.clusters)[cluster] > 1
    joined = Groups(
        np.concatenate([scene.wholes.sums, scene.groups.sums]), np.concatenate([scene.wholes.sizes, scene.groups.sizes])
    )
    similarity[held] = dots(joined.sums, joined.sizes, cluster[held], group[held] + len(scene.wholes.sizes))
    order = np.lexsort((-similarity, cluster))
    place = np.arange(len(order)) - np.searchsorted(cluster[order], cluster[order])
    order = order[place < _OUTSIDE]
    return cluster[order], group[order], np.full(len(order), -1), similarity[order]


def _refused(scene: World) -> IntArray:
    """Give (cluster, component) keys where an answer keeps the component from the cluster's anchor."""
    both = np.concatenate([scene.parts.apart, scene.parts.apart[:, ::-1]])
    cluster = scene.clusters[both[:, 0]]
    at_anchor = scene.anchors[cluster] == both[:, 0]
    keys: IntArray = cluster[at_anchor] * np.int64(len(scene.clusters)) + both[at_anchor, 1]
    return keys


def _audits(scene: World, shown: BoolArray) -> _Found:
    """Give the 8 least fitting rows of each anchor of three or more that nobody judged."""
    is_anchor = np.zeros(len(scene.clusters), bool)
    is_anchor[scene.anchors[scene.groups.sizes[scene.anchors] >= 3]] = True
    of = scene.parts.of
    row = np.flatnonzero((of >= 0) & ~shown)
    row = row[is_anchor[of[row]]]
    group = of[row]
    own = scene.rows[row].astype(np.float64)
    fit = np.vecdot(scene.groups.sums[group] - own, own) / (scene.groups.sizes[group] - 1)
    order = np.lexsort((row, fit, group))
    place = np.arange(len(order)) - np.searchsorted(group[order], group[order])
    order = order[place < _AUDITS]
    return scene.clusters[group[order]], group[order], row[order], fit[order]


def _best_two(scene: World, inner: _Found, outer: _Found) -> tuple[Double, Double, IntArray]:
    """Give, for each component, its best and second-best similarity to a cluster, and which cluster is best.

    Anchors count for their own clusters too.
    """
    own = scene.clusters[scene.anchors]
    cluster = np.concatenate([inner[0], outer[0], own])
    group = np.concatenate([inner[1], outer[1], scene.anchors])
    similarity = np.concatenate([inner[3], outer[3], _without(scene, own, scene.anchors)])
    order = np.lexsort((-similarity, group))
    cluster, group, similarity = cluster[order], group[order], similarity[order]
    place = np.arange(len(order)) - np.searchsorted(group, group)
    best, second = np.full((2, len(scene.clusters)), -np.inf)
    holder = np.full(len(scene.clusters), -1)
    first, next_ = place == 0, place == 1
    best[group[first]], holder[group[first]] = similarity[first], cluster[first]
    second[group[next_]] = similarity[next_]
    return best, second, holder


def _tiles(
    scene: World, found: tuple[IntArray, IntArray, IntArray], kind: int, z: Double, margin: Double, belief: TileBelief
) -> Candidates:
    """Fill in signals, P(same) and value; kind 0 = inside, 1 = outside, 2 = audit."""
    cluster, group, row = found
    whole = scene.wholes.sizes[cluster]
    size = np.ones(len(group), np.int64) if kind == 2 else scene.groups.sizes[group]
    signals = np.zeros((len(group), N_SIGNALS))
    signals[:, Z], signals[:, MARGIN] = z, margin
    signals[:, LOG_TILE], signals[:, LOG_CLUSTER] = np.log(size), np.log(whole)
    signals[:, AUDIT] = kind == 2
    signals[:, AUDIT_MARGIN] = margin * (kind == 2)
    signals[:, SINGLE] = (size == 1) & (kind != 2)
    signals = np.clip(signals, -12.0, 12.0)
    p = belief(signals)
    if kind == 1:
        other = scene.clusters[group]
        moved = np.where(scene.anchors[other] == group, scene.wholes.sizes[other], size)
        value = moved * whole * p
    else:
        value = size * (whole - size) * (1 - p)
    return Candidates(cluster, group, row, np.full(len(group), kind != 1), signals, p, value.astype(np.float64))


def choose(tiles: Candidates, most_tiles: int, price: float | None) -> list[Page]:
    """Give the best page of each cluster, by falling rate.

    A page is the best prefix, by value, of at most `most_tiles` tiles worth .5 % of the first: the one
    of largest sum of V - lambda x price x (1 + sum of clicks). price None: the page's own best rate.
    """
    top = np.zeros(int(tiles.cluster.max(initial=-1)) + 1)
    np.maximum.at(top, tiles.cluster, tiles.value)
    worth = np.flatnonzero((tiles.value > 0) & (tiles.value >= _LEAST_SHARE * top[tiles.cluster]))
    order = worth[np.lexsort((-tiles.value[worth], tiles.cluster[worth]))]
    starts = np.flatnonzero(np.diff(tiles.cluster[order], prepend=-1))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    kept = place < most_tiles
    order, place = order[kept], place[kept]
    if not len(order):
        return []
    cluster = tiles.cluster[order]
    starts = np.flatnonzero(place == 0)
    lengths = np.diff(np.append(starts, len(order)))
    gain = _running(tiles.value[order], starts, lengths)
    cost = np.where(place == 0, 1.0, 1.0 + _running(tiles.click[order], starts, lengths))  # one tile: a card
    rate = gain / cost
    dear = np.repeat(np.maximum.reduceat(rate, starts), lengths) if price is None else price
    score = gain - _PRICE_SHARE * dear * cost
    pages = []
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        end = start + int(np.argmax(score[start : start + length]))
        pages.append(Page(int(cluster[start]), order[start : end + 1], float(gain[end]), float(rate[end])))
    return sorted(pages, key=lambda page: (-page.rate, page.cluster))


def _running(values: Double, starts: IntArray, lengths: IntArray) -> Double:
    """Sum the values up to each place of its own stretch."""
    total = np.cumsum(values)
    return total - np.repeat(total[starts] - values[starts], lengths)


def disjoint(pages: list[Page], tiles: Candidates, anchors: IntArray) -> Iterator[Page]:
    """Yield the pages, best first, that share no component with one before."""
    taken: set[int] = set()
    for page in pages:
        mine = {int(anchors[page.cluster]), *tiles.group[page.tiles].tolist()}
        if not mine & taken:
            taken |= mine
            yield page


def expected_f1(scene: World, tiles: Candidates) -> float:
    """Give the model's own, optimistic estimate of the pairwise F1."""
    inside = tiles.inside
    wrong = float(tiles.value[inside].sum())
    missed = float(tiles.value[~inside].sum()) / 2
    claimed = float((scene.wholes.sizes * (scene.wholes.sizes - 1) // 2).sum())
    right = max(claimed - wrong, 0.0)
    return 2 * right / max(claimed + right + missed, 1e-9)
