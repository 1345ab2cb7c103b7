"""The two feature memories against slow, literal loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from ucal.learners.memory_bank import CentroidMemory, InstanceMemory, class_means, waves

AXIS = torch.tensor([0.0, 1.0])


def rows(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return functional.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_a_centroid_moves_by_hand() -> None:
    memory = CentroidMemory(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), momentum=0.5)
    memory.update(torch.tensor([[0.0, 1.0]]), torch.tensor([0]))
    half = 0.5**0.5
    torch.testing.assert_close(memory.centroids, torch.tensor([[half, half], [0.0, 1.0]]))


def test_an_instance_moves_by_hand_and_takes_its_class_mean_along() -> None:
    memory = InstanceMemory(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 0, 1]), momentum=0.2)
    torch.testing.assert_close(memory.means, torch.tensor([[0.5, 0.5], [0.0, 1.0]]))
    memory.update(torch.tensor([[0.6, 0.8]]), torch.tensor([0]))
    # .2 (1, 0) + .8 (.6, .8) = (.68, .64), length .9338
    moved = torch.tensor([0.68, 0.64]) / (0.68**2 + 0.64**2) ** 0.5
    torch.testing.assert_close(memory.features[0], moved)
    torch.testing.assert_close(memory.means, torch.stack([(moved + torch.tensor([0.0, 1.0])) / 2, AXIS]))


def test_momentum_one_keeps_and_momentum_zero_replaces() -> None:
    start, new = rows(3, 4), rows(3, 4, seed=1)
    for momentum, wanted in ((1.0, start), (0.0, new)):
        memory = CentroidMemory(start, momentum)
        memory.update(new, torch.arange(3))
        torch.testing.assert_close(memory.centroids, wanted)


@settings(max_examples=40, deadline=None)
@given(classes=st.lists(st.integers(0, 4), max_size=16), seed=st.integers(0, 50))
def test_centroids_move_sample_by_sample_in_batch_order(classes: list[int], seed: int) -> None:
    start, batch = rows(5, 3, seed), rows(len(classes), 3, seed + 1)
    memory = CentroidMemory(start, 0.3)
    memory.update(batch, torch.tensor(classes, dtype=torch.int64))
    slow = start.clone()
    for feature, own in zip(batch, classes, strict=True):
        slow[own] = functional.normalize(0.3 * slow[own] + 0.7 * feature, dim=0)
    torch.testing.assert_close(memory.centroids, slow, atol=1e-6, rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(classes=st.lists(st.integers(0, 4), min_size=1, max_size=16), seed=st.integers(0, 50))
def test_hard_mode_moves_each_class_once_towards_its_least_similar_sample(classes: list[int], seed: int) -> None:
    start, batch = rows(5, 3, seed), rows(len(classes), 3, seed + 1)
    memory = CentroidMemory(start, 0.3, hard=True)
    memory.update(batch, torch.tensor(classes))
    slow = start.clone()
    for own in set(classes):
        samples = [i for i, c in enumerate(classes) if c == own]
        hardest = min(samples, key=lambda i: float(batch[i] @ start[own]))
        slow[own] = functional.normalize(0.3 * start[own] + 0.7 * batch[hardest], dim=0)
    torch.testing.assert_close(memory.centroids, slow, atol=1e-6, rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    classes=st.lists(st.integers(-1, 3), min_size=1, max_size=10),
    picks=st.lists(st.integers(0, 99), max_size=14),
    seed=st.integers(0, 50),
)
def test_instances_move_one_by_one_and_class_means_follow(classes: list[int], picks: list[int], seed: int) -> None:
    inside = [row for row, own in enumerate(classes) if own >= 0]
    batch_rows = [inside[pick % len(inside)] for pick in picks] if inside else []
    start, batch = rows(len(classes), 3, seed), rows(len(batch_rows), 3, seed + 1)
    memory = InstanceMemory(start, torch.tensor(classes), 0.2)
    memory.update(batch, torch.tensor(batch_rows, dtype=torch.int64))
    slow = start.clone()
    for feature, row in zip(batch, batch_rows, strict=True):
        slow[row] = functional.normalize(0.2 * slow[row] + 0.8 * feature, dim=0)
    torch.testing.assert_close(memory.features, slow, atol=1e-6, rtol=1e-5)
    means = class_means(slow, torch.tensor(classes), memory.means.shape[0])
    torch.testing.assert_close(memory.means, means, atol=1e-6, rtol=1e-5)


def test_class_similarity_is_the_mean_over_the_class_rows() -> None:
    start, queries = rows(5, 4), rows(2, 4, seed=9)
    classes = torch.tensor([0, 1, 0, -1, 1])
    got = InstanceMemory(start, classes, 0.2).similarities(queries)
    for column, members in ((0, [0, 2]), (1, [1, 4])):
        torch.testing.assert_close(got[:, column], (queries @ start[members].T).mean(dim=1))


def test_waves_hold_no_class_twice_and_keep_the_order() -> None:
    got = [wave.tolist() for wave in waves(torch.tensor([3, 1, 3, 3, 1, 0]))]
    assert got == [[0, 1, 5], [2, 4], [3]]
    assert waves(torch.zeros(0, dtype=torch.int64)) == []


def test_gradients_reach_features_only_and_no_backward_pass_moves_a_memory() -> None:
    features = rows(2, 4, seed=5).requires_grad_()
    for memory in (CentroidMemory(rows(3, 4), 0.1), InstanceMemory(rows(3, 4), torch.arange(3), 0.1)):
        before = memory.similarities(features).detach().clone()
        memory.similarities(features).sum().backward()
        assert features.grad is not None
        np.testing.assert_array_equal(memory.similarities(features).detach().numpy(), before.numpy())


@pytest.mark.parametrize("memory", ["centroid", "instance"])
def test_what_a_memory_starts_from_is_not_changed(memory: str) -> None:
    start = rows(3, 4)
    kept = start.clone()
    made = CentroidMemory(start, 0.0) if memory == "centroid" else InstanceMemory(start, torch.arange(3), 0.0)
    made.update(rows(3, 4, seed=2), torch.arange(3))
    assert torch.equal(start, kept)
