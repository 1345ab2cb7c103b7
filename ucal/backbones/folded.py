"""Batch norms that were folded into their convolutions: their stored statistics are all they have.

A converter that folds a batch norm leaves it with mean 0 and variance 1 and puts what it did into the
convolution and the bias. Statistics of a batch are then nothing like the stored ones, and a net that
normalises by them loses what it knew. Such layers go on using their stored statistics in training; weight
and bias are learnt.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def folded_norms(model: nn.Module) -> tuple[nn.Module, ...]:
    """Give the batch-norm layers whose statistics are exactly the folded identity, in the model's order.

    Mean 0 and variance 1 to the bit, and a weight or bias that was set: a fresh layer (weight 1, bias 0)
    has the same statistics and is none.
    """
    return tuple(layer for layer in model.modules() if isinstance(layer, _BatchNorm) and _is_folded(layer))


def _is_folded(layer: _BatchNorm) -> bool:
    mean, variance = layer.running_mean, layer.running_var
    if mean is None or variance is None or not layer.affine:
        return False
    fresh = _all(layer.weight, 1.0) and _all(layer.bias, 0.0)
    return _all(mean, 0.0) and _all(variance, 1.0) and not fresh


def _all(tensor: Tensor, value: float) -> bool:
    return bool(torch.all(tensor.detach() == value))
