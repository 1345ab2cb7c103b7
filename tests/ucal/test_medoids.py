from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.strategies import KINDS, features, make_features
from ucal import medoids
from ucal.errors import ConfigError
from ucal.medoids import k_medoids


def distances(rows: np.ndarray) -> np.ndarray:
    double = rows.astype(np.float64)
    return 1.0 - np.clip(double @ double.T, 0, 1)


def line(*places: float) -> np.ndarray:
    return np.abs(np.subtract.outer(places, places))


def test_the_hand_example_of_two_groups_on_a_line() -> None:
    # {0, 1, 2} and {10, 11}: medoids 1 (cost 2) and 10 or 11 (cost 1): the lower row
    chosen, groups = k_medoids(line(0, 1, 2, 10, 11), 2)
    assert chosen.tolist() == [1, 3]
    assert groups.tolist() == [0, 0, 0, 1, 1]


def test_a_row_between_two_medoids_goes_to_the_lower_one() -> None:
    # 0 0 0 5 10 10 10: medoids 0 and 10, the middle row is as near to both
    chosen, groups = k_medoids(line(0, 0, 0, 5, 10, 10, 10), 2)
    assert chosen.tolist() == [0, 4]
    assert groups.tolist() == [0, 0, 0, 0, 1, 1, 1]


@settings(max_examples=80, deadline=None)
@given(rows=features(24, min_n=2))
def test_two_medoids_are_the_first_optimum(rows: np.ndarray) -> None:
    distance = np.round(distances(rows) * 2**20) / 2**20  # sums of these are exact: what ties, ties in any order
    chosen, _ = k_medoids(distance, 2)
    cost, first = reference.best_medoids(distance, 2)
    assert reference.medoid_cost(distance, chosen) == pytest.approx(cost, abs=1e-9)
    assert tuple(chosen.tolist()) == first


@settings(max_examples=80, deadline=None)
@given(rows=features(12, min_n=3), k=st.integers(1, 4))
def test_no_swap_of_one_medoid_lowers_the_cost(rows: np.ndarray, k: int) -> None:
    k = min(k, len(rows))
    distance = distances(rows)
    chosen, _ = k_medoids(distance, k)
    cost = reference.medoid_cost(distance, chosen)
    for place in range(k):
        for row in set(range(len(rows))) - set(chosen.tolist()):
            swapped = chosen.copy()
            swapped[place] = row
            assert reference.medoid_cost(distance, swapped) >= cost - 1e-9


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_faster_pam_finds_the_optimum_of_separable_groups(k: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(medoids, "EXACT_ROWS", 0)
    generator = np.random.default_rng(seed)
    places = np.repeat(10.0 * np.arange(k), 4) + generator.uniform(0, 2, 4 * k)
    distance = line(*generator.permutation(places))
    chosen, _ = k_medoids(distance, k)
    assert reference.medoid_cost(distance, chosen) == pytest.approx(reference.best_medoids(distance, k)[0])


def test_faster_pam_repairs_a_bad_start() -> None:
    distance = line(0, 1, 2, 50, 51, 52, 100, 101, 102)
    chosen = medoids._faster_pam(distance, np.array([0, 1, 2]))
    assert sorted(chosen.tolist()) == [1, 4, 7]


@pytest.mark.parametrize("seed", range(8))
def test_faster_pam_goes_on_until_no_swap_helps(seed: int) -> None:
    distance = distances(make_features("noise", 40, 4, seed))
    chosen = medoids._faster_pam(distance, np.arange(6))
    cost = reference.medoid_cost(distance, chosen)
    for place in range(6):
        for row in set(range(40)) - set(chosen.tolist()):
            swapped = chosen.copy()
            swapped[place] = row
            assert reference.medoid_cost(distance, swapped) >= cost - 1e-9


def test_above_the_exact_size_the_cost_is_close_to_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    distance = distances(make_features("separable", 120, 6, 1))
    exact = reference.medoid_cost(distance, k_medoids(distance, 2)[0])
    monkeypatch.setattr(medoids, "EXACT_ROWS", 0)
    assert exact <= reference.medoid_cost(distance, k_medoids(distance, 2)[0]) <= 1.02 * exact


@settings(max_examples=60, deadline=None)
@given(rows=features(20, min_n=2), k=st.integers(1, 6))
def test_every_row_is_with_a_nearest_medoid_and_no_group_is_empty(rows: np.ndarray, k: int) -> None:
    k = min(k, len(rows))
    distance = distances(rows)
    before = distance.copy()
    chosen, groups = k_medoids(distance, k)
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    assert groups[chosen].tolist() == list(range(k))
    others = np.setdiff1d(np.arange(len(rows)), chosen)
    nearest = distance[np.ix_(others, chosen)].min(axis=1)
    np.testing.assert_array_equal(distance[others, chosen[groups[others]]], nearest)
    np.testing.assert_array_equal(distance, before)
    again = k_medoids(distance, k)
    np.testing.assert_array_equal(again[0], chosen)
    np.testing.assert_array_equal(again[1], groups)


def test_identical_rows_still_make_k_groups() -> None:
    chosen, groups = k_medoids(np.zeros((6, 6)), 3)
    assert chosen.tolist() == [0, 1, 2]
    assert groups.tolist() == [0, 1, 2, 0, 0, 0]


def test_as_many_groups_as_rows_makes_every_row_a_medoid() -> None:
    chosen, groups = k_medoids(line(3, 1, 2), 3)
    assert chosen.tolist() == groups.tolist() == [0, 1, 2]


@pytest.mark.parametrize("k", [0, 4])
def test_an_impossible_k_is_refused(k: int) -> None:
    with pytest.raises(ConfigError, match=f"expected k in 1..3, got {k}"):
        k_medoids(line(1, 2, 3), k)


def test_a_missing_engine_says_what_to_do() -> None:
    if importlib.util.find_spec("sklearn_extra") is not None:
        pytest.skip("scikit-learn-extra is installed")
    with pytest.raises(ConfigError, match="not installed; install it or set medoids to 'own'"):
        k_medoids(line(1, 2, 3), 2, "scikit-learn-extra")


def test_an_engine_built_for_another_numpy_says_what_to_do(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sklearn_extra").mkdir()
    (tmp_path / "sklearn_extra" / "__init__.py").write_text("")
    (tmp_path / "sklearn_extra" / "cluster.py").write_text("raise ValueError('numpy.dtype size changed')")
    for name in ("sklearn_extra", "sklearn_extra.cluster"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"does not load \(numpy.dtype size changed\); build it from source"):
        k_medoids(line(1, 2, 3), 2, "scikit-learn-extra")
    for name in ("sklearn_extra", "sklearn_extra.cluster"):
        sys.modules.pop(name, None)  # the broken one must not stay for other tests


@pytest.mark.parametrize("kind", KINDS)
def test_scikit_learn_extra_is_never_better_for_two_groups(kind: str) -> None:
    pytest.importorskip("sklearn_extra", reason="scikit-learn-extra is not installed (it must be built from source)")
    distance = distances(make_features(kind, 40, 6, 0))
    own, extra = (
        reference.medoid_cost(distance, k_medoids(distance, 2, engine)[0]) for engine in ("own", "scikit-learn-extra")
    )
    assert own <= extra + 1e-9
