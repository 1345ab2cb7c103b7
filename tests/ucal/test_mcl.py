"""MCL: our formulas by hand, its subset, its batches and its proposals."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.fakes import blobs
from ucal.base_labels import subset_labels
from ucal.clustering import make_clusterer
from ucal.config import RunConfig
from ucal.learners.cluster_contrast import ClusterContrast
from ucal.learners.mcl import (
    Mcl,
    Weights,
    agreement,
    consistency,
    polishing_batches,
    soft_triplet,
    uniform_batches,
)
from ucal.memory import LabelMemory
from ucal.meta import annotate, meta_prototypes, soft_labels, subset_of, with_proposals
from ucal.proposers.proxy import propose_proxies
from ucal.proposers.ucal import UcalProposer
from ucal.seams import Scene
from ucal.types import Answer, Verdict

AXES = np.eye(2, dtype=np.float32)


def rows(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return functional.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


# -- the losses ------------------------------------------------------------------------------------


def test_consistency_of_a_hand_example_and_of_equal_views() -> None:
    # y1 = (3/4, 1/4), y2 = (1/2, 1/2)
    first, second = torch.tensor([[math.log(3), 0.0]]), torch.zeros(1, 2)
    there = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    back = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(2)
    assert float(consistency(first, second)) == pytest.approx(there + back, rel=1e-5)
    assert float(consistency(first, first)) == pytest.approx(0, abs=1e-7)


def test_consistency_moves_each_view_towards_the_other_as_a_fixed_target() -> None:
    first = torch.tensor([[math.log(3), 0.0]], requires_grad=True)
    consistency(first, torch.zeros(1, 2)).backward()
    # only KL(y2 || y1) has a gradient in the first logits: y1 - y2
    torch.testing.assert_close(first.grad, torch.tensor([[0.25, -0.25]]))


def test_agreement_of_a_hand_example() -> None:
    soft = torch.tensor([[1.0, 0.0], [0.75, 0.25], [0.0, 1.0]])
    torch.testing.assert_close(agreement(soft), torch.tensor([[1, 0.75, 0], [0.75, 1, 0.25], [0, 0.25, 1.0]]))


def test_with_hard_labels_the_soft_triplet_is_batch_hard() -> None:
    turns = torch.deg2rad(torch.tensor([0.0, 60.0, 90.0, 180.0]))
    features = torch.stack([turns.cos(), turns.sin()], dim=1)
    same = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]).float()
    # anchors 0 and 3 keep the margin; 60 deg: .3 + 1 - 2 sin 15; 90 deg: .3 + sqrt 2 - 2 sin 15
    near = 2 * math.sin(math.radians(15))
    wanted = ((0.3 + 1 - near) + (0.3 + math.sqrt(2) - near)) / 4
    assert float(soft_triplet(features, same, 0.3)) == pytest.approx(wanted, rel=1e-5)


def test_the_soft_triplet_is_the_formula_over_all_triples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ucal.learners.mcl._TRIPLES", 100)  # a few anchors at a time
    features = rows(7, 3).requires_grad_()
    weights = agreement(torch.softmax(5 * rows(7, 3, seed=1), dim=1))
    got = soft_triplet(features, weights, 0.3)
    x, a = features.detach().double().numpy(), weights.double().numpy()
    distance = np.sqrt(np.maximum(2 - 2 * x @ x.T, 1e-8))
    slow = []
    for i in range(7):
        pairs = itertools.product([p for p in range(7) if p != i], range(7))
        slow.append(max(a[i, p] * (1 - a[i, n]) * max(0, 0.3 + distance[i, p] - distance[i, n]) for p, n in pairs))
    assert float(got.detach()) == pytest.approx(np.mean(slow), rel=1e-4)
    got.backward()
    assert bool(torch.isfinite(features.grad).all())  # type: ignore[arg-type]


def mcl(weights: Weights) -> Mcl:
    classes = torch.tensor([0, 0, 1, -1, -1])
    contrast = ClusterContrast(rows(5, 4), classes, tau=0.5, momentum=0.5, hard=False)
    return Mcl(contrast, torch.tensor([True, True, True, False, False]), weights)


def test_the_loss_is_the_sum_of_contrast_on_x1_and_weighted_polishing_on_the_rest() -> None:
    batch, own = rows(6, 4, seed=2), torch.tensor([0, 2, 3, 4, 3, 4])  # two of X1, then two views of rows 3, 4
    part = mcl(Weights(2.0, 3.0, 0.3))
    logits = part.contrast.memory.similarities(batch[2:]) / 0.5
    wanted = (
        part.contrast.loss(batch[:2], own[:2])
        + 2 * consistency(logits[:2], logits[2:])
        + 3 * soft_triplet(batch[2:], agreement(torch.softmax(logits, dim=1)), 0.3)
    )
    torch.testing.assert_close(part.loss(batch, own), wanted)
    torch.testing.assert_close(part.loss(batch[:2], own[:2]), part.contrast.loss(batch[:2], own[:2]))


def test_only_rows_of_x1_move_the_prototypes() -> None:
    part, batch = mcl(Weights()), rows(6, 4, seed=2)
    start = part.contrast.memory.centroids.clone()
    part.update(batch[2:], torch.tensor([3, 4, 3, 4]))
    assert torch.equal(part.contrast.memory.centroids, start)
    part.update(batch, torch.tensor([0, 0, 3, 4, 3, 4]))
    assert not torch.equal(part.contrast.memory.centroids[0], start[0])
    assert torch.equal(part.contrast.memory.centroids[1], start[1])
    assert part.remembered() is None


def test_batches_hold_two_views_of_the_rest_beside_x1_or_after_it() -> None:
    own, rest = [np.array([0, 1]), np.array([2, 0])], [np.array([7, 8]), np.array([9, 7])]
    joint = polishing_batches(iter(own), iter(rest), joint=True)
    assert [batch.tolist() for batch in joint] == [[0, 1, 7, 8, 7, 8], [2, 0, 9, 7, 9, 7]]
    after = polishing_batches(iter(own), iter(rest), joint=False)
    assert [batch.tolist() for batch in after] == [[0, 1], [2, 0], [7, 8, 7, 8], [9, 7, 9, 7]]


def test_uniform_batches_take_every_row_once_before_any_twice() -> None:
    batches = list(uniform_batches(np.array([3, 5, 7]), np.random.default_rng(0), 2, 3))
    assert sorted(np.concatenate(batches).tolist()) == [3, 3, 5, 5, 7, 7]
    assert sorted(np.concatenate(batches)[:3].tolist()) == [3, 5, 7]


# -- the subset, its prototypes and what they say --------------------------------------------------


def test_the_subset_is_a_share_of_the_rows_and_the_same_for_a_seed() -> None:
    inside = subset_of(100, 0.25, 3)
    assert inside.sum() == 25
    np.testing.assert_array_equal(inside, subset_of(100, 0.25, 3))
    assert (inside != subset_of(100, 0.25, 4)).any()
    assert subset_of(100, 1.0, 0).all()
    assert subset_of(100, 0.0, 0).sum() == 2
    assert subset_of(1, 0.5, 0).tolist() == [True]


def test_prototypes_and_soft_labels_of_a_hand_example() -> None:
    features = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], np.float32)
    prototypes = meta_prototypes(features, np.array([0, 0, 1, -1]))
    np.testing.assert_allclose(prototypes, [[0.5**0.5, 0.5**0.5], [0, 1]], atol=1e-6)
    # logits (ln 3, 0) at tau = 1 / ln 3
    np.testing.assert_allclose(soft_labels(AXES[:1], AXES, 1 / math.log(3)), [[0.75, 0.25]], rtol=1e-6)
    best, confidence = annotate(AXES, AXES, 1 / math.log(3))
    assert best.tolist() == [0, 1]
    np.testing.assert_allclose(confidence, [0.75, 0.75], rtol=1e-6)
    assert annotate(AXES, np.zeros((0, 2), np.float32), 0.05)[0].tolist() == [-1, -1]


def test_rows_outside_the_subset_have_the_cluster_that_is_sure_enough() -> None:
    features = np.array([[1, 0], [0, 1], [1, 0], [0.5**0.5, 0.5**0.5]], np.float32)
    inside = np.array([True, True, False, False])
    labels = np.array([0, 1, 5, 5])  # what rows outside had counts for nothing
    assert with_proposals(labels, inside, features, 0.05, 0.6).tolist() == [0, 1, 0, -1]
    assert with_proposals(labels, inside, features, 0.05, 0.0).tolist()[2:] == [0, 0]
    assert with_proposals(np.array([-1, -1, 0, 0]), inside, features, 0.05, 0.0).tolist() == [-1] * 4


def test_the_clusterer_sees_the_subset_alone_and_keeps_its_distances_in_place() -> None:
    truth = np.repeat(np.arange(6), 12)
    features = np.eye(6)[truth] + 0.05 * np.random.default_rng(0).normal(size=(72, 6))
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    config, inside = RunConfig(base="mcl", k1=6, k2=2, min_samples=2), subset_of(72, 0.5, 0)
    inner = make_clusterer(config)
    got = subset_labels(inner, inside, 0.05, 0.5)(features, None)
    small = inner(features[inside], None)
    np.testing.assert_array_equal(got.labels[inside], small.labels)
    assert got.distance.shape == (72, 72)
    np.testing.assert_array_equal(
        got.distance.toarray()[np.ix_(inside, inside)],
        small.distance.toarray(),  # type: ignore[union-attr]
    )
    assert got.distance.nnz == small.distance.nnz  # type: ignore[union-attr]
    for label in range(small.labels.max() + 1):  # rows outside follow the cluster of their people
        assert len(np.unique(truth[got.labels == label])) == 1
    assert (got.labels[~inside] >= 0).all()


# -- questions -------------------------------------------------------------------------------------


def scene(labels: list[int], features: np.ndarray, answers: tuple[Answer, ...] = ()) -> Scene:
    memory = LabelMemory(len(labels), "closure", answers)
    return Scene(1, "proxy", features.astype(np.float32), np.array(labels), memory)


def test_unlabelled_rows_outside_the_subset_are_shown_beside_the_cluster_they_seem_to_be_of() -> None:
    config = RunConfig(base="mcl", mcl_ask=1.0, seed=0)
    inside = subset_of(8, 0.5, 0)
    turns = np.where(inside, 0.0, np.linspace(0.1, 0.4, 8))
    turns[np.flatnonzero(inside)[2:]] = 1.5
    features = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    labels = np.where(inside, np.where(turns > 1, 1, 0), -1)
    asked = propose_proxies(scene(labels.tolist(), features), config)
    waiting = np.flatnonzero(~inside)
    assert [question.right for question in asked] == waiting[
        :2
    ].tolist()  # two clusters, so two questions; surest first
    assert {question.left for question in asked} == {int(np.flatnonzero(inside)[0])}
    assert asked[0].right_rows == (int(waiting[0]),)
    assert asked[0].left_size == 2
    known = Answer("a", asked[0].left, asked[0].right, Verdict.DIFFERENT)
    again = propose_proxies(scene(labels.tolist(), features, (known,)), config)
    assert [question.right for question in again] == waiting[1:3].tolist()


def test_nothing_is_proposed_without_clusters_without_rows_or_when_switched_off() -> None:
    features, config = blobs(2, 4)[0], RunConfig(base="mcl")
    assert propose_proxies(scene([-1] * 8, features), config) == []
    assert propose_proxies(scene([0] * 8, features), config) == []
    labels = np.where(subset_of(8, 0.5, 0), 0, -1).tolist()
    assert propose_proxies(scene(labels, features), config.replace(mcl_ask=0.0)) == []
    assert len(propose_proxies(scene(labels, features), config)) == 1


def test_ucal_asks_about_proposals_last_and_on_mcl_only() -> None:
    assert UcalProposer(RunConfig(base="mcl")).stages == ("conflict", "split", "merge", "proxy")
    first = RunConfig(base="mcl", ask_first="merges")
    assert UcalProposer(first).stages == ("conflict", "merge", "split", "proxy")
    assert "proxy" not in UcalProposer(RunConfig(base="mcl", mcl_ask=0.0)).stages
    assert "proxy" not in UcalProposer(RunConfig()).stages
