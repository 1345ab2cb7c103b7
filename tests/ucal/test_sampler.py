"""The PK sampler: P identities, K images, other cameras first."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ucal.learners.sampler import pk_batches
from ucal.types import IntArray


def batches(
    labels: list[int], cameras: list[int] | None, seed: int = 0, p: int = 2, k: int = 2, n: int = 5
) -> list[IntArray]:
    seen_by = None if cameras is None else np.array(cameras)
    return list(pk_batches(np.array(labels), seen_by, np.random.default_rng(seed), p, k, n))


def test_other_cameras_come_first() -> None:
    # class 0: two rows of camera 1, two of camera 2; whatever the anchor, its partner is of the other camera
    for batch in batches([0, 0, 0, 0, 1, 1, 1, 1], [1, 1, 2, 2, 1, 1, 2, 2], n=50):
        for anchor, partner in batch.reshape(2, 2):
            assert {anchor % 4 // 2, partner % 4 // 2} == {0, 1}


def test_the_same_camera_serves_where_there_is_no_other_and_the_anchor_is_not_repeated() -> None:
    for batch in batches([0, 0, 0, 1, 1, 1], [1] * 6, k=3, n=20):
        for rows in batch.reshape(2, 3):
            assert len(set(rows)) == 3


def test_images_are_drawn_again_only_when_there_are_too_few() -> None:
    (batch,) = batches([0, 0, 1, 1], [1, 2, 1, 2], k=4, n=1)
    for rows in batch.reshape(2, 4):
        assert len(set(rows)) == 2  # one anchor, its only partner three times
        assert sorted(np.bincount(rows)[np.unique(rows)]) == [1, 3]


def test_each_class_comes_once_before_any_comes_again() -> None:
    labels = np.repeat(np.arange(6), 3)
    drawn = np.concatenate(batches(labels.tolist(), None, p=3, k=2, n=4))
    order = labels[drawn].reshape(-1, 2)[:, 0]
    assert sorted(order[:6]) == sorted(order[6:]) == list(range(6))


def test_classes_of_one_image_give_it_once_and_batches_stay_full() -> None:
    all_batches = batches([0, 1, 2, 3, 4, -1], None, p=2, k=2, n=5)
    assert [len(batch) for batch in all_batches] == [4] * 5
    counts = np.bincount(np.concatenate(all_batches), minlength=6)
    assert counts[5] == 0
    assert counts[:5].tolist() == [4] * 5  # 20 draws over 5 single rows


def test_fewer_classes_than_p_still_fill_the_batch() -> None:
    (batch,) = batches([7, 7, 7, 7], None, p=3, k=2, n=1)
    assert len(batch) == 6


def test_no_class_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        batches([-1, -1], None)


def test_the_same_seed_gives_the_same_batches_and_labels_stay_as_they_are() -> None:
    labels = np.repeat(np.arange(5), 4)
    kept = labels.copy()
    first, again, other = (batches(labels.tolist(), None, seed=seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
    np.testing.assert_array_equal(labels, kept)


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.integers(-1, 4), min_size=1, max_size=30),
    seed=st.integers(0, 99),
    p=st.integers(1, 5),
    k=st.integers(1, 5),
)
def test_any_labels_give_full_batches_of_rows_in_classes(labels: list[int], seed: int, p: int, k: int) -> None:
    if all(label == -1 for label in labels):
        return
    cameras = np.random.default_rng(seed).integers(0, 3, len(labels))
    stream = pk_batches(np.array(labels), cameras, np.random.default_rng(seed), p, k, 3)
    for batch in itertools.islice(stream, 3):
        assert batch.shape == (p * k,)
        assert (np.array(labels)[batch] >= 0).all()
