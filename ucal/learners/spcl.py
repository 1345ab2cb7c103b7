"""SpCL: a memory of every row; clusters and single rows are classes side by side.

Source: SpCL (unsupervised form), UCAL's own base: in UCAL, Eq. 1, c_k is then the mean of the cluster's memory rows,
as it is, and rows in no cluster are classes too. Momentum .2.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ucal.learners.memory_bank import InstanceMemory
from ucal.types import OUTLIER, IntArray

MOMENTUM = 0.2


def with_singletons(labels: IntArray, excluded: IntArray) -> IntArray:
    """Number classes 0..c-1: clusters first, then every row in no cluster alone; excluded rows get -1."""
    classes = np.full(len(labels), OUTLIER, dtype=np.int64)
    taken = np.ones(len(labels), dtype=np.bool_)
    taken[excluded] = False
    inside = taken & (labels != OUTLIER)
    names, numbers = np.unique(labels[inside], return_inverse=True)
    classes[inside] = numbers
    alone = taken & (labels == OUTLIER)
    classes[alone] = len(names) + np.arange(int(alone.sum()))
    return classes


class Spcl:
    """The loss of one round."""

    def __init__(self, memory: Tensor, classes: Tensor, *, tau: float, momentum: float | None) -> None:
        """Start from the memory (n, d) as the last round left it and classes (n,), -1 = left out."""
        self.classes, self.tau = classes, tau
        self.memory = InstanceMemory(memory, classes, MOMENTUM if momentum is None else momentum)

    def loss(self, features: Tensor, rows: Tensor) -> Tensor:
        """Mean cross-entropy of the batch's features (b, d) against their rows' classes."""
        return functional.cross_entropy(self.memory.similarities(features) / self.tau, self.classes[rows])

    def update(self, features: Tensor, rows: Tensor) -> None:
        """Move the rows' memory; called after the gradient step."""
        self.memory.update(features, rows)

    def remembered(self) -> torch.Tensor | None:
        """The memory (n, d) that the next round starts from."""
        return self.memory.features
