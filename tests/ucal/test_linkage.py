"""Average linkage over neighbour lists, against scipy's on all pairs; and the logistic fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform
from sklearn.linear_model import LogisticRegression

from tests.fakes import blobs
from ucal.efficient.belief import fit
from ucal.efficient.linkage import Groups, cut, dots, link
from ucal.evaluation import adjusted_rand


def all_pairs(n: int) -> np.ndarray:
    return np.stack(np.triu_indices(n, 1), axis=1)


def groups_of(rows: np.ndarray) -> Groups:
    return Groups(rows.astype(np.float64), np.ones(len(rows), np.int64))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-0.3, 0.9))
def test_with_all_pairs_it_is_scipys_average_linkage(seed, floor):
    rows, _ = blobs(identities=5, images=4, seed=seed)
    distance = 1.0 - rows.astype(np.float64) @ rows.astype(np.float64).T
    np.fill_diagonal(distance, 0.0)
    theirs = linkage(squareform(distance, checks=False), "average")
    kept = int((theirs[:, 2] <= 1.0 - floor).sum())
    expected = cut_tree(theirs, n_clusters=len(rows) - kept)[:, 0]
    tree = link(groups_of(rows), all_pairs(len(rows)), floor)
    ours = cut(tree, len(rows), np.ones(len(tree.left), bool))
    assert adjusted_rand(ours, expected.astype(np.int64)) == 1.0
    assert np.sort(1.0 - tree.similarity) == pytest.approx(theirs[:kept, 2], abs=1e-9)


def test_what_is_forbidden_never_meets_nor_do_groups_that_hold_it():
    rows = np.array([[1.0, 0.0], [0.99, 0.14], [0.98, 0.2]])
    tree = link(groups_of(rows), all_pairs(3), -1.0, forbidden=np.array([[0, 1]]))
    assert cut(tree, 3, np.ones(len(tree.left), bool)).tolist() == [0, 1, 1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-0.3, 0.9), st.sampled_from([None, (2, 0.1)]))
def test_known_similarities_give_the_same_tree(seed, floor, guard):
    rng = np.random.default_rng(seed)
    groups = groups_of(blobs(identities=5, images=4, seed=seed)[0])
    pairs = all_pairs(len(groups.sizes))
    forbidden = pairs[rng.choice(len(pairs), 12, replace=False)]
    known = dots(groups.sums, groups.sizes, pairs[:, 0], pairs[:, 1])
    slow = link(groups, pairs, floor, forbidden=forbidden, guard=guard)
    fast = link(groups, pairs, floor, forbidden=forbidden, guard=guard, similarity=known)
    for name in ("left", "right", "similarity", "sizes"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name)), name


def test_large_groups_need_more():
    rows = np.repeat(np.array([[1.0, 0.0], [0.8, 0.6]]), 4, axis=0)
    free = link(groups_of(rows), all_pairs(8), 0.7)
    held = link(groups_of(rows), all_pairs(8), 0.7, guard=(4, 0.2))
    assert len(free.left) == 7
    assert len(held.left) == 6


def test_nothing_near_is_no_tree():
    tree = link(groups_of(np.eye(3)), all_pairs(3), 0.5)
    assert len(tree.left) == 0
    assert cut(tree, 3, np.zeros(0, bool)).tolist() == [0, 1, 2]


def test_the_arguments_stay_as_they_are():
    groups = groups_of(blobs()[0])
    before = groups.sums.copy()
    link(groups, all_pairs(len(before)), 0.2)
    assert np.array_equal(groups.sums, before)


@pytest.mark.parametrize("seed", range(5))
def test_the_logistic_fit_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(60, 3))
    same = (inputs[:, 0] + 0.5 * rng.normal(size=60) > 0).astype(float)
    weights = rng.uniform(0.1, 2.0, 60)
    scale = inputs.std(axis=0)
    theirs = LogisticRegression(C=2.0, tol=1e-10, max_iter=1000).fit(inputs / scale, same, sample_weight=weights)
    ours = fit(inputs, same, weights, 2.0)
    assert ours.slopes * scale == pytest.approx(theirs.coef_[0], abs=1e-3)
    assert ours.bias == pytest.approx(theirs.intercept_[0], abs=1e-3)


def test_separable_and_constant_inputs_give_a_finite_fit():
    fitted = fit(np.array([[1.0, 5.0], [2.0, 5.0]]), np.array([0.0, 1.0]), np.ones(2), 30.0)
    assert np.isfinite(fitted.slopes).all()
    assert fitted.slopes[1] == 0.0
