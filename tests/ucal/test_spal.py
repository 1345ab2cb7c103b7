"""SPAL: its support pairs, its constrained DBSCAN and its triplet."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from torch import Tensor
from torch.nn import functional

from tests.fakes import make_parts
from tests.strategies import make_features
from ucal.base_labels import constrained_labels
from ucal.budget import budget_of
from ucal.clustering import dbscan, make_clusterer
from ucal.config import RunConfig
from ucal.constrained import constrained_dbscan
from ucal.drive import drive
from ucal.errors import ConfigError
from ucal.jaccard import jaccard_distance
from ucal.learners.support import Links, SupportTriplet, links_of
from ucal.loop import Parts
from ucal.memory import LabelMemory
from ucal.meta import subset_of
from ucal.proposers.spal import SpalProposer, propose_support
from ucal.runs import FolderStates, RunFolder
from ucal.seams import Scene
from ucal.types import Answer, Reason, Verdict


def remembered(
    n: int, same: tuple[tuple[int, int], ...] = (), different: tuple[tuple[int, int], ...] = ()
) -> LabelMemory:
    pairs = [(pair, Verdict.SAME) for pair in same] + [(pair, Verdict.DIFFERENT) for pair in different]
    return LabelMemory(n, "closure", [Answer(f"a{i}", *pair, verdict) for i, (pair, verdict) in enumerate(pairs)])


def line(n: int) -> sparse.csr_array:
    """Give rows on a line, each near the next and itself."""
    matrix = np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    rows, columns = np.nonzero(matrix)
    return sparse.csr_array((np.where(rows == columns, 0, 0.5).astype(np.float32), (rows, columns)), shape=(n, n))


# -- constrained DBSCAN ----------------------------------------------------------------------------


def test_a_cannot_link_keeps_a_row_out_and_what_follows_it_starts_anew() -> None:
    assert constrained_dbscan(line(6), 0.5, 2, remembered(6)).tolist() == [0] * 6
    # 3 may not be with 0: the cluster stops at 2, and 3 begins the next
    assert constrained_dbscan(line(6), 0.5, 2, remembered(6, different=((0, 3),))).tolist() == [0, 0, 0, 1, 1, 1]


def test_must_links_are_absorbed_and_bring_their_own_neighbours() -> None:
    distance = sparse.block_diag([line(3), line(3), np.zeros((1, 1))], format="csr", dtype=np.float32)
    distance = sparse.csr_array(distance)
    assert constrained_dbscan(distance, 0.5, 2, remembered(7, same=((1, 5),))).tolist() == [0] * 6 + [-1]
    # a cannot-link to any row of the group keeps the whole group out
    memory = remembered(7, same=((2, 5), (5, 6)), different=((0, 6),))
    assert constrained_dbscan(distance, 0.5, 2, memory).tolist() == [0, 0, 1, 1, 1, 1, 1]


def test_groups_in_conflict_constrain_nothing() -> None:
    memory = remembered(6, same=((0, 3), (3, 5)), different=((0, 5),))
    assert constrained_dbscan(line(6), 0.5, 2, memory).tolist() == [0] * 6


@pytest.mark.parametrize("eps", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_without_answers_it_is_dbscan(eps: float, seed: int) -> None:
    distance = jaccard_distance(make_features("noise", 80, 5, seed), k1=10, k2=3, loosest=0.62)
    np.testing.assert_array_equal(constrained_dbscan(distance, eps, 3, remembered(80)), dbscan(distance, eps, 3))


@settings(max_examples=40, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19), st.booleans()), max_size=15),
    seed=st.integers(0, 20),
)
def test_no_cluster_holds_a_different_and_no_same_pair_is_parted(pairs: list[tuple[int, int, bool]], seed: int) -> None:
    truth = np.random.default_rng(seed).integers(0, 4, 20)
    same = tuple((a, b) for a, b, _ in pairs if a != b and truth[a] == truth[b])
    different = tuple((a, b) for a, b, _ in pairs if truth[a] != truth[b])
    distance = jaccard_distance(make_features("noise", 20, 3, seed), k1=6, k2=2)
    labels = constrained_dbscan(distance, 0.6, 2, remembered(20, same, different))
    assert all(labels[a] == labels[b] for a, b in same)
    assert all(labels[a] != labels[b] or labels[a] == -1 for a, b in different)


@pytest.mark.parametrize("base", ["cluster-contrast", "spcl", "mcl"])
def test_without_answers_a_base_keeps_its_own_labels(base: str) -> None:
    config = RunConfig(base=base, k1=10, k2=3, min_samples=2)
    features = make_features("noise", 90, 4, 0)
    inside = subset_of(90, 1.0, 0) if base == "mcl" else None
    given = make_clusterer(config)(features, None)
    again = constrained_labels(config, inside)(given.distance, features, remembered(90), given.threshold)
    np.testing.assert_array_equal(again, given.labels)
    assert len(np.unique(again)) > 3


# -- support pairs ---------------------------------------------------------------------------------


def scene(degrees: list[float], labels: list[int], memory: LabelMemory | None = None) -> Scene:
    turns = np.deg2rad(degrees)
    features = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    return Scene(2, "support", features, np.array(labels), memory or remembered(len(labels)))


def pairs(scene: Scene) -> list[tuple[tuple[int, int], str]]:
    return [(question.pair, question.reason.value) for question in propose_support(scene)]


def test_the_support_pairs_of_a_hand_example() -> None:
    # cluster 0 at 0, 10, 30 degrees; cluster 1 at 50, 52; an outlier at 65
    degrees, labels = [0.0, 10, 30, 50, 52, 65], [0, 0, 0, 1, 1, -1]
    assert pairs(scene(degrees, labels)) == [
        ((0, 2), "split"),
        ((2, 3), "merge"),
        ((3, 4), "split"),
        ((4, 5), "merge"),  # the outlier is nearer than cluster 0
    ]


def test_decided_pairs_and_excluded_rows_are_passed_over_and_a_shared_pair_is_asked_once() -> None:
    degrees, labels = [0.0, 10, 30, 50, 52], [0, 0, 0, 1, 1]
    assert pairs(scene(degrees, labels)) == [((0, 2), "split"), ((2, 3), "merge"), ((3, 4), "split")]
    memory = remembered(5, same=((3, 4),), different=((2, 3),))
    # 2 differs from 3 and, by inference, from 4; 3 and 4 have nothing left inside
    assert pairs(scene(degrees, labels, memory)) == [((0, 2), "split"), ((1, 3), "merge")]
    bad = LabelMemory(5, "closure", [Answer("b", 0, 2, Verdict.BAD_IMAGE, bad_rows=(2,))])
    assert pairs(scene(degrees, labels, bad)) == [((0, 1), "split"), ((1, 3), "merge"), ((3, 4), "split")]


def test_equal_rows_tie_to_the_lower_pair() -> None:
    assert pairs(scene([0.0, 0, 0, 0], [0, 0, 1, 1])) == [((0, 1), "split"), ((0, 2), "merge"), ((2, 3), "split")]


def test_the_nearest_outside_is_found_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    features = make_features("noise", 60, 6, 0)
    labels = np.arange(60) // 6 - 1
    whole = propose_support(Scene(0, "support", features, labels, remembered(60)))
    monkeypatch.setattr("ucal.proposers.spal._BLOCK", 30)
    assert propose_support(Scene(0, "support", features, labels, remembered(60))) == whole
    similar = features.astype(np.float64) @ features.T
    similar[labels[:, None] == labels] = -2
    best = {tuple(sorted((i, int(similar[i].argmax())))) for i in [int(np.argmax(similar.max(axis=1)))]}
    assert best <= {question.pair for question in whole if question.reason is Reason.MERGE}


def test_contradictions_come_first_and_another_stage_is_refused() -> None:
    assert SpalProposer.stages == ("conflict", "support")
    with pytest.raises(ConfigError, match="expected one of conflict, support"):
        SpalProposer(RunConfig())(dataclasses.replace(scene([0.0, 1], [0, 0]), stage="split"))


# -- the triplet -----------------------------------------------------------------------------------


class Nothing:
    """A loss of 0 that counts its updates."""

    updates = 0

    def loss(self, features: Tensor, rows: Tensor) -> Tensor:
        return features.new_zeros(())

    def update(self, features: Tensor, rows: Tensor) -> None:
        self.updates += 1

    def remembered(self) -> Tensor | None:
        return torch.ones(1)


def test_links_are_closed_over_groups_and_conflicts_left_out() -> None:
    links = links_of(remembered(8, same=((0, 1), (2, 3), (5, 6), (6, 7)), different=((1, 2), (3, 4), (5, 7))))
    assert links.same == {0: [1], 1: [0], 2: [3], 3: [2]}
    assert links.apart == {0: [2, 3], 1: [2, 3], 2: [0, 1, 4], 3: [0, 1, 4], 4: [2, 3]}


def test_the_triplet_of_a_hand_example() -> None:
    turns = torch.deg2rad(torch.tensor([0.0, 60.0, 90.0, 180.0, 120.0]))
    memory = torch.stack([turns.cos(), turns.sin()], dim=1)
    links = Links({0: [1, 2], 1: [0, 2], 2: [0, 1]}, {0: [3, 4], 3: [0], 4: [0]})
    triplet = SupportTriplet(Nothing(), memory, links, margin=1.0, weight=2.0)
    # row 0, at 0 degrees: hardest same is 90 (sqrt 2 away), hardest different is 120 (sqrt 3 away);
    # rows 1 and 3 have links of one kind only
    batch = memory[[0, 1, 3]].clone().requires_grad_()
    rows = torch.tensor([0, 1, 3])
    loss = triplet.loss(batch, rows)
    assert float(loss.detach()) == pytest.approx(2 * (1 + math.sqrt(2) - math.sqrt(3)), rel=1e-5)
    loss.backward()
    assert bool((batch.grad[0] != 0).any())  # type: ignore[index]
    assert bool((batch.grad[1:] == 0).all())  # type: ignore[index]
    assert float(triplet.triplet(memory[[1, 3]], torch.tensor([1, 3]))) == 0.0


def test_a_met_margin_costs_nothing() -> None:
    memory = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    triplet = SupportTriplet(Nothing(), memory, Links({0: [1]}, {0: [2]}), margin=1.0, weight=1.0)
    assert float(triplet.loss(memory[:1], torch.tensor([0]))) == 0.0


def test_update_moves_the_memory_of_the_rows_seen_and_the_other_loss() -> None:
    memory, other = torch.eye(3), Nothing()
    triplet = SupportTriplet(other, memory, Links({}, {}), margin=1.0, weight=1.0)
    triplet.update(torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([0]))
    moved = functional.normalize(torch.tensor([0.2, 0.8, 0.0]), dim=0)
    torch.testing.assert_close(triplet.memory[0], moved)
    assert torch.equal(triplet.memory[1:], torch.eye(3)[1:])
    assert other.updates == 1
    assert torch.equal(memory, torch.eye(3))
    assert torch.equal(triplet.remembered(), torch.ones(1))  # type: ignore[arg-type]


# -- in the loop -----------------------------------------------------------------------------------

LOOP = RunConfig(policy="spal", epochs=30, query_from=0, k1=8, k2=3, eps=0.5, min_samples=3, train=False)


def parts(root: Path, config: RunConfig) -> Parts:
    return dataclasses.replace(make_parts(root, config), constrain=constrained_labels(config, None))


def test_a_run_improves_round_by_round_and_stops_at_two_answers_a_row(tmp_path: Path) -> None:
    end = drive(parts(tmp_path, LOOP), FolderStates(RunFolder(tmp_path)))
    scores = [report.pairwise["f1"] for report in end.reports]  # type: ignore[index]
    assert scores[-1] > scores[0]
    assert end.reports[-1].answers <= 2 * 64
    assert end.reports[-1].conflicts == 0


def test_a_given_budget_stands(tmp_path: Path) -> None:
    end = drive(parts(tmp_path, LOOP.replace(budget=5)), FolderStates(RunFolder(tmp_path)))
    assert end.reports[-1].answers == 5
    assert end.stopped == "the budget is spent"


@pytest.mark.parametrize(
    ("config", "wanted"), [(LOOP, 20), (LOOP.replace(budget=5), 5), (LOOP.replace(policy="ucal"), None)]
)
def test_without_a_budget_spals_own_is_two_answers_a_row(config: RunConfig, wanted: int | None) -> None:
    assert budget_of(config, 10) == wanted
