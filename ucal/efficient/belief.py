"""Logistic regressions of P(same), small enough to be fitted anew at every plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Double = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Logistic:
    """P(y = 1 | x) = sigmoid(x . slopes + bias)."""

    slopes: Double
    bias: float

    def __call__(self, inputs: Double) -> Double:
        """Give P for inputs (m, f)."""
        return sigmoid(inputs @ self.slopes + self.bias)


def sigmoid(values: Double) -> Double:
    """Give 1 / (1 + exp(-v)) without overflow."""
    result: Double = 0.5 * (1.0 + np.tanh(0.5 * values))
    return result


def fit(inputs: Double, same: Double, weights: Double, strength: float) -> Logistic:
    """Fit by Newton's method: least sum of strength x weight x log loss + |slopes|^2 / 2, inputs scaled by their sd.

    inputs (m, f), same (m,) in 0..1, weights (m,). The bias is not penalised. An input that does not
    vary gets slope 0.
    """
    spread = inputs.std(axis=0)
    scale = np.where(spread > 1e-9, spread, np.inf)
    design = np.concatenate([inputs / scale, np.ones((len(inputs), 1))], axis=1)
    ridge = np.ones(design.shape[1])
    ridge[-1] = 1e-6
    weights = strength * weights
    solution = np.zeros(design.shape[1])
    loss = _loss(design, same, weights, ridge, solution)
    for _ in range(50):
        p = sigmoid(design @ solution)
        gradient = design.T @ (weights * (p - same)) + ridge * solution
        curvature = (design * (weights * p * (1 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-4:
            tried = _loss(design, same, weights, ridge, solution - size * step)
            if tried <= loss:
                break
            size /= 2
        else:
            break
        solution, gained, loss = solution - size * step, loss - tried, tried
        if gained < 1e-9 * (1.0 + abs(loss)):
            break
    return Logistic(solution[:-1] / scale, float(solution[-1]))


def _loss(design: Double, same: Double, weights: Double, ridge: Double, solution: Double) -> float:
    logits = design @ solution
    return float(weights @ (np.logaddexp(0.0, logits) - same * logits) + 0.5 * ridge @ solution**2)
