"""A random audit: which share of the clusters' links is wrong, and which share of the true links is missing.

Images are drawn uniformly; for each a person looks up its identity: first among its cluster-mates
(which are not it), then in a search over the other clusters (where else it is). Of each image one
claimed link and one true link are drawn, so that each image is one trial, and the exact bound of
Clopper and Pearson holds whatever the clusters' sizes and whatever the model believes.

What is bounded, with i uniform over the images:
wrong   the mean, over images that have cluster-mates, of the share of those that are another identity
missed  the mean, over images whose identity has others, of the share of those outside the cluster

Both bounds hold together with the audit's confidence. That is 1 - .05 / 2^k for the k-th audit of a
project, so that all its audits together, however often it tries, are wrong with probability .05 at
most. The bound is on what the person could find: see `look_up` for what a search does not reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.costs import page_cost
from ucal.efficient.doubt import clopper_pearson
from ucal.errors import AnswerError
from ucal.types import FloatArray, IntArray

RISK = 0.05  # that any of a project's audits gives a bound that does not hold
ALLOWED = 0.05  # an audit passes where neither share can be above this; fixed, so that nobody sets it after the fact
TILES = 24  # on a page, of cluster-mates and of what a search finds


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one drawn image.

    shown      cluster-mates that were looked at: all, or a uniform sample of 24
    wrong      those of `shown` that are another identity
    elsewhere  rows of its identity outside its cluster, as far as the search found them
    """

    row: int
    shown: tuple[int, ...]
    wrong: tuple[int, ...]
    elsewhere: tuple[int, ...]
    actions: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """count of n drawn links; `upper` bounds the true share."""

    count: int
    n: int
    upper: float

    @property
    def estimate(self) -> float | None:
        """Give the share in the sample; None where nothing was drawn."""
        return self.count / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit says: with `confidence`, both shares are at most their `upper`."""

    images: int
    confidence: float
    wrong: Share
    missed: Share
    actions: int
    seconds: float

    def passes(self, allowed: float) -> bool:
        """Say whether wrong and missed links are both known to be at most this share."""
        return self.wrong.upper <= allowed and self.missed.upper <= allowed


def confidence_of(attempt: int) -> float:
    """Give the confidence of a project's k-th audit, k = 1, 2, ...: 1 - .05 / 2^k."""
    if attempt < 1:
        raise AnswerError(f"attempt of an audit: expected 1 or more, got {attempt}")
    return 1.0 - RISK / 2.0**attempt


def draw(n: int, images: int, seed: int, attempt: int = 1, bad_rows: Sequence[int] = ()) -> IntArray:
    """Draw images uniformly, without putting back, bad ones left out; rising rows, all of them where n is smaller."""
    rows = np.setdiff1d(np.arange(n), np.asarray(bad_rows, np.int64))
    rng = np.random.default_rng([seed, attempt, 0])
    rows_drawn: IntArray = np.sort(rng.choice(rows, size=min(images, len(rows)), replace=False))
    return rows_drawn


def mates_to_show(row: int, labels: IntArray, seed: int, attempt: int = 1) -> IntArray:
    """Give the cluster-mates of a row to look at: all, or 24 drawn uniformly; rising."""
    if labels[row] < 0:
        return np.zeros(0, np.int64)
    mates: IntArray = np.setdiff1d(np.flatnonzero(labels == labels[row]), [row])
    if len(mates) <= TILES:
        return mates
    some: IntArray = np.sort(np.random.default_rng([seed, attempt, 1, row]).choice(mates, size=TILES, replace=False))
    return some


def search(row: int, labels: IntArray, features: FloatArray, count: int) -> IntArray:
    """Give the rows that a search shows: of each other cluster (or lone row) the row most like this one, best first.

    features (n, d), rows of length 1. Ties go to the lower row.
    """
    similarity = features @ features[row]
    order = np.argsort(-similarity, kind="stable")
    order = order[order != row]
    if labels[row] >= 0:
        order = order[labels[order] != labels[row]]
    group = np.where(labels[order] >= 0, labels[order], -2 - order)
    first = np.sort(np.unique(group, return_index=True)[1])
    found: IntArray = order[first[:count]]
    return found


def assess(labels: IntArray, findings: Sequence[Finding], seed: int, attempt: int = 1) -> Audit:
    """Bound the shares of wrong and of missed links of these clusters (n,), -1 = alone.

    Raises:
        AnswerError: a finding that does not belong to these clusters.
    """
    wrong, missed = [], []
    for finding in findings:
        _check(finding, labels)
        rng = np.random.default_rng([seed, attempt, 2, finding.row])
        if finding.shown:
            wrong.append(finding.shown[int(rng.integers(len(finding.shown)))] in finding.wrong)
        mates = int((labels == labels[finding.row]).sum()) - 1 if labels[finding.row] >= 0 else 0
        kept = mates * (1.0 - len(finding.wrong) / len(finding.shown)) if finding.shown else 0.0
        true = kept + len(finding.elsewhere)
        if true > 0:
            missed.append(bool(rng.random() < len(finding.elsewhere) / true))
    confidence = confidence_of(attempt)
    return Audit(
        len(findings),
        confidence,
        _share(wrong, confidence),
        _share(missed, confidence),
        sum(finding.actions for finding in findings),
        sum(finding.seconds for finding in findings),
    )


def _share(trials: list[bool], confidence: float) -> Share:
    """Bound a share: each tail of the two-sided interval has half the risk, so two upper ends share all of it."""
    return Share(sum(trials), len(trials), clopper_pearson(sum(trials), len(trials), confidence)[1])


def _check(finding: Finding, labels: IntArray) -> None:
    row, n = finding.row, len(labels)
    if not all(0 <= other < n for other in (row, *finding.shown, *finding.elsewhere)):
        raise AnswerError(f"audit of row {row}: expected rows in 0..{n - 1}")
    if any(labels[other] != labels[row] or labels[row] < 0 or other == row for other in finding.shown):
        raise AnswerError(f"audit of row {row}: expected cluster-mates, got rows {finding.shown}")
    if not set(finding.wrong) <= set(finding.shown):
        raise AnswerError(f"audit of row {row}: expected wrong mates among those shown, got {finding.wrong}")
    if any(other == row or (labels[row] >= 0 and labels[other] == labels[row]) for other in finding.elsewhere):
        raise AnswerError(f"audit of row {row}: expected rows outside its cluster, got {finding.elsewhere}")


# -- an oracle's audit, and the truth it bounds ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seeker:
    """Look up identities as a person with the search page would, from the truth.

    pages = how many pages of 24 the search is followed; None = the whole collection is known, as if
    the search had no end. A cluster counts as found when the row of it that is most like the image is
    the same identity; then its rows of that identity are found. What a search does not reach counts
    as not missed: the bound is on what it can find.
    """

    identities: IntArray
    features: FloatArray
    pages: int | None = 2

    def __call__(self, row: int, labels: IntArray, seed: int, attempt: int = 1) -> Finding:
        """Look up one image, and count what it cost: a page of its mates, and the pages of the search."""
        own = self.identities == self.identities[row]
        shown = mates_to_show(row, labels, seed, attempt)
        wrong = shown[~own[shown]]
        outside = own & ((labels != labels[row]) | (labels < 0))
        outside[row] = False
        pages = self.pages or 1
        found = search(row, labels, self.features, pages * TILES)
        hits = found[own[found]]
        if self.pages is not None:
            groups = set(labels[hits[labels[hits] >= 0]].tolist())
            alone = hits[labels[hits] < 0]
            outside &= np.isin(labels, list(groups)) | np.isin(np.arange(len(labels)), alone)
        costs = [page_cost(len(shown), len(wrong))] if len(shown) else []
        for start in range(0, len(found), TILES):
            part = found[start : start + TILES]
            costs.append(page_cost(len(part), int(own[part].sum())))
        return Finding(
            row,
            tuple(shown.tolist()),
            tuple(wrong.tolist()),
            tuple(np.flatnonzero(outside).tolist()),
            sum(cost.actions for cost in costs),
            sum(cost.seconds for cost in costs),
        )


def audited(labels: IntArray, seeker: Seeker, images: int, seed: int, attempt: int = 1) -> Audit:
    """Draw, look up and bound: a whole audit by an oracle."""
    rows = draw(len(labels), images, seed, attempt)
    return assess(labels, [seeker(int(row), labels, seed, attempt) for row in rows], seed, attempt)


def true_shares(labels: IntArray, identities: IntArray) -> tuple[float, float]:
    """Give what an audit bounds: (wrong, missed) over all images; 0 where there is no link at all."""
    n = len(labels)
    clusters = np.where(labels >= 0, labels, labels.max(initial=0) + 1 + np.arange(n))
    _, both = np.unique(np.stack([clusters, identities], axis=1), axis=0, return_inverse=True)
    together = np.bincount(both.ravel())[both.ravel()] - 1
    claimed = _others(clusters)
    true = _others(identities)
    return _mean(claimed - together, claimed), _mean(true - together, true)


def _others(groups: IntArray) -> NDArray[np.int64]:
    codes = np.unique(groups, return_inverse=True)[1]
    sizes: NDArray[np.int64] = np.bincount(codes)[codes] - 1
    return sizes


def _mean(part: NDArray[np.int64], whole: NDArray[np.int64]) -> float:
    some = whole > 0
    return float((part[some] / whole[some]).mean()) if some.any() else 0.0
