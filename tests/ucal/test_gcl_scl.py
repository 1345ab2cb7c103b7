"""GCL + SCL: each equation by hand and against literal loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from ucal.clustering import dbscan
from ucal.evaluation import pairwise
from ucal.jaccard import jaccard_distance
from ucal.learners.gcl_scl import MOMENTUM, GclScl, SelectiveContrast, hardest
from ucal.learners.graph import GraphCorrelation, neighbour_graphs, ordered_graphs, refine

AXES = torch.eye(2)
LN3 = math.log(3)


def rows(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return functional.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def graph_of(d: int, temperature: float = 5.0, **how: str) -> GraphCorrelation:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return GraphCorrelation(d, temperature, how.get("length", "whole"), how.get("start", "identity")).eval()  # type: ignore[arg-type]


# -- Eqs. 1-5: the graph ---------------------------------------------------------------------------


def test_attention_and_refined_rows_of_a_hand_example() -> None:
    # theta = phi = identity, so the relation is the cosine; softmax of (ln 3, 0) is (3/4, 1/4)
    graph = graph_of(2, LN3)
    left, right = graph.embed(AXES)
    weights = graph.attention(left, right, torch.ones(2, 2, dtype=torch.bool))
    torch.testing.assert_close(weights, torch.tensor([[0.75, 0.25], [0.25, 0.75]]))
    joined = torch.tensor([1.0, 0.0, 0.75, 0.25])
    torch.testing.assert_close(graph(AXES)[0], joined / joined.norm())


def test_halves_bring_the_refined_half_to_length_one_first() -> None:
    joined = torch.tensor([1.0, 0.0, 0.75 / math.hypot(0.75, 0.25), 0.25 / math.hypot(0.75, 0.25)]) / math.sqrt(2)
    torch.testing.assert_close(graph_of(2, LN3, length="halves")(AXES)[0], joined)


def test_the_graph_is_the_papers_formula() -> None:
    graph, batch = graph_of(4, start="random"), rows(6, 4)
    graph.train()
    got = graph(batch).detach().double().numpy()
    x = batch.double().numpy()
    embedded = []
    for layer in (graph.theta, graph.phi):
        z = x @ layer[0].weight.detach().double().numpy().T  # type: ignore[operator, union-attr]
        z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)
        embedded.append(z / np.linalg.norm(z, axis=1, keepdims=True))
    for i in range(6):
        scores = [math.exp(5.0 * float(embedded[0][i] @ embedded[1][j])) for j in range(6)]
        refined = sum(scores[j] / sum(scores) * x[j] for j in range(6))
        joined = np.concatenate([x[i], refined])
        np.testing.assert_allclose(got[i], joined / np.linalg.norm(joined), atol=1e-5)


def test_gradients_reach_the_graphs_weights_and_the_rows() -> None:
    graph, batch = graph_of(4, start="random"), rows(6, 4).requires_grad_()
    graph.train()
    graph(batch)[:, 4:].pow(2).sum().backward()
    assert batch.grad is not None
    assert all(bool(parameter.grad.abs().sum() > 0) for parameter in graph.parameters() if parameter.ndim == 2)  # type: ignore[union-attr]


def test_rows_refined_in_their_graphs_are_the_batches_refined_one_by_one() -> None:
    graph, features = graph_of(5, start="random"), rows(7, 5)
    members = ordered_graphs(np.array([3, 1, 4, 0, 5, 2, 6]), 3)
    got = refine(graph, features.numpy(), members)
    for one in ([3, 1, 4], [0, 5, 2], [6]):
        np.testing.assert_allclose(got[one], graph(features[one]).detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(got[6], np.tile(features[6].numpy(), 2) / math.sqrt(2), atol=1e-6)  # alone


def test_refining_leaves_the_graphs_mode_and_statistics_alone() -> None:
    graph = graph_of(5).train()
    before = {key: value.clone() for key, value in graph.state_dict().items()}
    refine(graph, rows(9, 5).numpy(), ordered_graphs(np.arange(9), 4))
    assert graph.training
    assert all(torch.equal(before[key], value) for key, value in graph.state_dict().items())


def test_an_order_is_cut_into_graphs_and_the_last_is_what_is_left() -> None:
    assert ordered_graphs(np.array([2, 0, 3, 1, 4]), 2).tolist() == [[2, 0], [3, 1], [2, 0], [3, 1], [4, -1]]
    assert ordered_graphs(np.arange(2), 4).tolist() == [[0, 1, -1, -1]] * 2


def test_graphs_of_neighbours_hold_the_row_itself_first_then_its_nearest() -> None:
    turns = np.array([0.0, 0.1, 0.25, 2.0])
    features = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    got = neighbour_graphs(features, 2, engine="torch", block_rows=8, device="cpu")
    assert got.tolist() == [[0, 1], [1, 0], [2, 1], [3, 2]]


def test_graphs_cut_from_names_show_identities_that_the_features_do_not_hold() -> None:
    # Noise of 30 identities with 8 images each, named as Market-1501's are: sorted names lie identity by identity
    truth = np.repeat(np.arange(30), 8)
    shuffled = np.random.default_rng(0).permutation(len(truth))
    truth = truth[shuffled]
    names = np.array([f"{identity:04d}_c1s1_{row:06d}.jpg" for row, identity in enumerate(truth)])
    noise, graph = rows(len(truth), 512).numpy(), graph_of(512, start="random")
    nearest = neighbour_graphs(noise, 8, engine="torch", block_rows=512, device="cpu")
    f1 = {}
    for order, members in {"names": ordered_graphs(np.argsort(names), 8), "neighbours": nearest}.items():
        distance = jaccard_distance(refine(graph, noise, members), k1=8, k2=3, loosest=0.6)
        f1[order] = pairwise(dbscan(distance, 0.6, 4), truth).f1
    assert f1["names"] > 0.6, "the leak that gcl_order=names-leak-identities is named after"
    assert f1["neighbours"] < 0.1


def test_equal_rows_are_in_their_own_graphs_all_the_same() -> None:
    got = neighbour_graphs(np.ones((6, 1), np.float32), 3, engine="torch", block_rows=8, device="cpu")
    assert got[:, 0].tolist() == list(range(6))
    assert all(len(set(members)) == 3 for members in got.tolist())


# -- Eqs. 6-8: selective contrast ------------------------------------------------------------------


def test_the_least_similar_queries_of_each_class_are_chosen_in_turn() -> None:
    similarities = torch.tensor([0.9, 0.1, 0.5, 0.3, 0.3, 0.8])
    classes = torch.tensor([1, 1, 1, 0, 0, 4])
    assert hardest(similarities, classes, 2).tolist() == [3, 4, 1, 2, 5]
    assert hardest(similarities, classes, 1).tolist() == [3, 1, 5]


def test_loss_and_memory_of_a_hand_example() -> None:
    part = SelectiveContrast(AXES, torch.tensor([0, 1]), tau=0.5, momentum=0.5, k=1)
    batch, own = functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), dim=1), torch.tensor([0, 0])
    chosen = part.choose(batch, own)
    assert chosen.tolist() == [1]  # the query on the centroid does not count
    # the chosen query is as near to both centroids: log 2
    assert math.isclose(float(part.loss(batch, own, chosen)), math.log(2), rel_tol=1e-6)
    part.update(batch, own, chosen)
    moved = 0.5 * AXES[0] + 0.5 * batch[1]
    torch.testing.assert_close(part.memory.centroids[0], moved / moved.norm())
    torch.testing.assert_close(part.memory.centroids[1], AXES[1])


@settings(max_examples=30, deadline=None)
@given(classes=st.lists(st.integers(0, 3), min_size=1, max_size=12), k=st.integers(1, 4), seed=st.integers(0, 30))
def test_selection_loss_and_update_are_the_papers_loops(classes: list[int], k: int, seed: int) -> None:
    start, batch = rows(4, 3, seed), rows(len(classes), 3, seed + 1)
    part = SelectiveContrast(start, torch.arange(4), tau=0.05, momentum=None, k=k)
    own = torch.tensor(classes)  # row c of the start is the only one of class c
    chosen = part.choose(batch, own)
    slow_memory, losses = start.clone(), []
    for cluster in sorted(set(classes)):
        mine = [i for i, c in enumerate(classes) if c == cluster]
        for i in sorted(mine, key=lambda i: float(batch[i] @ start[cluster]))[:k]:
            scores = torch.exp((start @ batch[i]).double() / 0.05)
            losses.append(-math.log(scores[cluster] / scores.sum()))
            slow_memory[cluster] = functional.normalize(MOMENTUM * slow_memory[cluster] + 0.9 * batch[i], dim=0)
    assert float(part.loss(batch, own, chosen)) == pytest.approx(np.mean(losses), abs=1e-4)
    part.update(batch, own, chosen)
    torch.testing.assert_close(part.memory.centroids, slow_memory, atol=1e-6, rtol=1e-5)


def test_the_average_policy_moves_a_centroid_once_by_the_mean_and_all_queries_count() -> None:
    part = SelectiveContrast(AXES, torch.tensor([0, 1]), tau=0.5, momentum=0.5, k=1, queries="average")
    batch = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    own = torch.tensor([0, 0, 1])
    chosen = part.choose(batch, own)
    assert chosen.tolist() == [0, 1, 2]
    # logits (2, 0), (0, 2), (1.2, 1.6) against the classes 0, 0, 1
    wanted = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(2)) + math.log(1 + math.exp(-0.4))) / 3
    assert float(part.loss(batch, own, chosen)) == pytest.approx(wanted, rel=1e-6)
    part.update(batch, own, chosen)
    # .5 (1, 0) + .5 (.5, .5) = (.75, .25): two moves in turn, or the last alone, would give others
    torch.testing.assert_close(part.memory.centroids[0], functional.normalize(torch.tensor([0.75, 0.25]), dim=0))
    torch.testing.assert_close(part.memory.centroids[1], functional.normalize(torch.tensor([0.3, 0.9]), dim=0))


def test_the_random_policy_draws_one_query_of_each_class_and_each_as_often() -> None:
    start, own = rows(2, 3), torch.tensor([1, 0, 0, 1, 0])
    part, again = (
        SelectiveContrast(start, torch.arange(2), tau=0.5, momentum=0.5, k=4, queries="random", seed=3) for _ in "ab"
    )
    draws = [part.choose(rows(5, 3), own).tolist() for _ in range(300)]
    assert draws == [again.choose(rows(5, 3), own).tolist() for _ in range(300)]
    assert {len(drawn) for drawn in draws} == {2}
    zero, one = zip(*draws, strict=True)
    assert {position: 70 < zero.count(position) < 130 for position in (1, 2, 4)} == dict.fromkeys((1, 2, 4), True)
    assert {position: 110 < one.count(position) < 190 for position in (0, 3)} == dict.fromkeys((0, 3), True)


def test_the_whole_loss_weighs_the_refined_features_by_lambda_and_moves_both_memories_afterwards() -> None:
    features, classes, graph = rows(6, 4), torch.tensor([0, 0, 0, 1, 1, -1]), graph_of(4)
    refined = graph(features).detach()
    plain, second = (SelectiveContrast(x, classes, tau=0.05, momentum=0.1, k=2) for x in (features, refined))
    both = GclScl(graph, plain, second, weight=0.5)
    batch, own = rows(5, 4, seed=3).requires_grad_(), torch.arange(5)
    starts = [part.memory.centroids.clone() for part in (plain, second)]
    loss = both.loss(batch, own)
    first = plain.loss(batch, own, plain.choose(batch, own))
    view = graph(batch)
    assert torch.isclose(loss, first + 0.5 * second.loss(view, own, second.choose(view, own)))
    loss.backward()
    assert torch.equal(plain.memory.centroids, starts[0])
    assert torch.equal(second.memory.centroids, starts[1])
    both.update(batch, own)
    assert not torch.equal(plain.memory.centroids, starts[0])
    assert not torch.equal(second.memory.centroids, starts[1])
    assert second.memory.centroids.shape == (2, 8)
    assert both.remembered() is None
