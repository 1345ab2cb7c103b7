"""SpCL's classes and loss by hand and against a literal loop."""

from __future__ import annotations

import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from ucal.learners.spcl import MOMENTUM, Spcl, with_singletons


def rows(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return functional.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_singletons_of_a_hand_example() -> None:
    labels = np.array([5, -1, 2, 5, -1, 2])
    assert with_singletons(labels, np.array([], dtype=np.int64)).tolist() == [1, 2, 0, 1, 3, 0]
    assert with_singletons(labels, np.array([4, 2, 5])).tolist() == [0, 1, -1, 0, -1, -1]


@given(
    labels=st.lists(st.integers(-1, 5), max_size=30),
    excluded=st.sets(st.integers(0, 29)),
)
def test_classes_are_numbered_without_gaps_and_keep_what_was_together(labels: list[int], excluded: set[int]) -> None:
    given_labels = np.array(labels, dtype=np.int64)
    out = np.array([row for row in sorted(excluded) if row < len(labels)], dtype=np.int64)
    classes = with_singletons(given_labels, out)
    kept = np.setdiff1d(np.arange(len(labels)), out)
    assert (classes[out] == -1).all()
    assert sorted(set(classes[kept].tolist())) == list(range(int(classes.max(initial=-1)) + 1))
    for i in kept:
        for j in kept:
            together = i == j or (labels[i] == labels[j] != -1)
            assert (classes[i] == classes[j]) == together


def test_loss_of_a_hand_example() -> None:
    # the class of rows 0 and 1 is their mean as it is, (.8, .4); row 2 in no cluster is a class of its own, (0, 1)
    memory = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    classes = torch.from_numpy(with_singletons(np.array([0, 0, -1]), np.zeros(0, np.int64)))
    contrast = Spcl(memory, classes, tau=0.5, momentum=None)
    # x = (1, 0): logits .8 / .5 and 0; of the class 1: 0 and 1.6
    assert math.isclose(float(contrast.loss(memory[:1], torch.tensor([0]))), math.log(1 + math.exp(-1.6)), rel_tol=1e-6)
    assert math.isclose(float(contrast.loss(memory[:1], torch.tensor([2]))), math.log(1 + math.exp(1.6)), rel_tol=1e-6)


def test_loss_is_a_softmax_over_class_means_of_similarities() -> None:
    memory, classes = rows(7, 4), torch.tensor([0, 0, 1, 1, 1, 2, -1])
    contrast = Spcl(memory, classes, tau=0.05, momentum=None)
    batch, batch_rows = rows(3, 4, seed=3), torch.tensor([1, 5, 2])
    m, slow = memory.double().numpy(), 0.0
    for feature, own in zip(batch.double().numpy(), classes[batch_rows].tolist(), strict=True):
        scores = np.array([np.mean([m[j] @ feature for j in range(7) if classes[j] == c]) for c in range(3)])
        slow -= math.log(np.exp(scores[own] / 0.05) / np.exp(scores / 0.05).sum()) / 3
    assert math.isclose(float(contrast.loss(batch, batch_rows)), slow, rel_tol=1e-4)


def test_update_moves_the_rows_of_the_batch_and_leaves_the_rest() -> None:
    memory = rows(4, 3)
    contrast = Spcl(memory, torch.tensor([0, 0, 1, -1]), tau=0.05, momentum=None)
    batch = rows(1, 3, seed=8)
    contrast.update(batch, torch.tensor([1]))
    kept = contrast.remembered()
    torch.testing.assert_close(kept[1], functional.normalize(MOMENTUM * memory[1] + (1 - MOMENTUM) * batch[0], dim=0))
    assert torch.equal(kept[[0, 2, 3]], memory[[0, 2, 3]])
