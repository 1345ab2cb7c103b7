"""Cluster Contrast's loss by hand and against a literal loop."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn import functional

from ucal.learners.cluster_contrast import MOMENTUM, ClusterContrast


def rows(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return functional.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_loss_of_a_hand_example() -> None:
    axes = torch.eye(2)
    contrast = ClusterContrast(axes, torch.tensor([0, 1]), tau=0.5, momentum=None, hard=False)
    # f lies on its own centroid: logits (2, 0)
    assert math.isclose(float(contrast.loss(axes[:1], torch.tensor([0]))), math.log(1 + math.exp(-2)), rel_tol=1e-6)


def test_loss_is_the_papers_formula_with_centroids_of_the_members() -> None:
    features, labels = rows(8, 5), torch.tensor([0, 0, 1, -1, 2, 2, 1, 0])
    contrast = ClusterContrast(features, labels, tau=0.05, momentum=0.1, hard=False)
    batch_rows, batch = torch.tensor([0, 4, 6]), rows(3, 5, seed=2)
    x, centroids = features.double().numpy(), []
    for cluster in range(3):
        mean = x[labels.numpy() == cluster].mean(axis=0)
        centroids.append(mean / np.linalg.norm(mean))
    slow = 0.0
    for feature, own in zip(batch.double().numpy(), labels[batch_rows].tolist(), strict=True):
        scores = np.exp(np.array(centroids) @ feature / 0.05)
        slow -= math.log(scores[own] / scores.sum()) / 3
    assert math.isclose(float(contrast.loss(batch, batch_rows)), slow, rel_tol=1e-4)


def test_the_memory_moves_in_update_only_and_by_its_own_momentum() -> None:
    features, labels = rows(4, 3), torch.tensor([0, 0, 1, 1])
    contrast = ClusterContrast(features, labels, tau=0.05, momentum=None, hard=False)
    start = contrast.memory.centroids.clone()
    batch = rows(1, 3, seed=4).requires_grad_()
    contrast.loss(batch, torch.tensor([2])).backward()
    assert torch.equal(contrast.memory.centroids, start)
    contrast.update(batch, torch.tensor([2]))
    moved = functional.normalize(MOMENTUM * start[1] + (1 - MOMENTUM) * batch[0].detach(), dim=0)
    torch.testing.assert_close(contrast.memory.centroids[1], moved)
    assert torch.equal(contrast.memory.centroids[0], start[0])
    assert contrast.remembered() is None


def test_following_the_gradient_brings_a_feature_to_its_cluster() -> None:
    features, labels = torch.eye(3), torch.tensor([0, 1, 2])
    contrast = ClusterContrast(features, labels, tau=0.05, momentum=0.5, hard=False)
    raw = torch.tensor([[0.1, 1.0, 0.2]], requires_grad=True)
    for _ in range(50):
        contrast.loss(functional.normalize(raw, dim=1), torch.tensor([0])).backward()
        with torch.no_grad():
            raw -= 0.05 * raw.grad  # type: ignore[operator]
        raw.grad = None
    assert int(raw.detach().argmax()) == 0


def test_weights_of_rows_make_the_loss_their_weighted_mean() -> None:
    features, labels = rows(6, 4), torch.tensor([0, 0, 1, 1, 2, 2])
    weights = torch.tensor([1.0, 0.25, 1.0, 0.5, 1.0, 1.0])
    plain = ClusterContrast(features, labels, tau=0.1, momentum=None, hard=False)
    weighted = ClusterContrast(features, labels, tau=0.1, momentum=None, hard=False, weights=weights)
    batch, chosen = rows(3, 4, seed=3), torch.tensor([0, 1, 3])
    each = [float(plain.loss(batch[i : i + 1], chosen[i : i + 1])) for i in range(3)]
    expected = (each[0] + 0.25 * each[1] + 0.5 * each[2]) / 1.75
    assert math.isclose(float(weighted.loss(batch, chosen)), expected, rel_tol=1e-5)


def test_rows_of_weight_one_count_as_without_weights() -> None:
    features, labels = rows(6, 4), torch.tensor([0, 0, 1, 1, 2, 2])
    plain = ClusterContrast(features, labels, tau=0.1, momentum=None, hard=False)
    ones = ClusterContrast(features, labels, tau=0.1, momentum=None, hard=False, weights=torch.ones(6))
    batch, chosen = rows(4, 4, seed=3), torch.tensor([0, 2, 4, 5])
    assert math.isclose(float(plain.loss(batch, chosen)), float(ones.loss(batch, chosen)), rel_tol=1e-6)
