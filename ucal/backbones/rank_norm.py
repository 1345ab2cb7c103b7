"""Batch norm over a batch that several ranks share: statistics of the whole batch, as one process would take them."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class _Sum(torch.autograd.Function):
    """The sum over the ranks, on every rank; its gradient is the sum of the ranks' gradients."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


class RankNorm(_BatchNorm):
    """A batch norm, of 2 or 4 dimensions, that takes mean and variance over all ranks' parts of the batch.

    The variance is summed over squared differences from the common mean, a second exchange, since the
    difference of two large sums would lose what one process keeps. Evaluation uses the stored statistics.
    """

    def forward(self, values: Tensor) -> Tensor:
        """(n, d) or (n, d, h, w), this rank's part -> the same shape and type."""
        if not self.training:
            return super().forward(values)
        over = [0, *range(2, values.ndim)]
        shape = [1, -1] + [1] * (values.ndim - 2)
        exact = values.float()
        own = torch.cat([exact.sum(dim=over), exact.new_tensor([float(exact.numel() // exact.shape[1])])])
        sums: Tensor = _Sum.apply(own)  # type: ignore[no-untyped-call]
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = exact - mean.view(shape)
        variance: Tensor = _Sum.apply(centred.square().sum(dim=over)) / count  # type: ignore[no-untyped-call]
        self._remember(mean.detach(), variance.detach() * (count / (count - 1)))
        scale = torch.rsqrt(variance + self.eps) * self.weight
        return (centred * scale.view(shape) + self.bias.view(shape)).to(values.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        self.num_batches_tracked.add_(1)

    def _check_input_dim(self, values: Tensor) -> None:
        if values.ndim not in (2, 4):
            raise ValueError(f"expected 2 or 4 dimensions, got {values.ndim}")


def share_norms(model: nn.Module, *, gpu: bool) -> nn.Module:
    """Give the model with batch norms that span the ranks (changes it); parameters and key names stay.

    On GPUs torch's SyncBatchNorm is the engine; it does not run on CPUs, where `RankNorm` stands in.
    """
    if gpu:
        shared: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return shared
    for name, child in model.named_children():
        model.add_module(name, _shared(child) if isinstance(child, _BatchNorm) else share_norms(child, gpu=False))
    return model


def _shared(layer: _BatchNorm) -> RankNorm:
    norm = RankNorm(layer.num_features, layer.eps, layer.momentum)
    norm.weight, norm.bias = layer.weight, layer.bias
    norm.running_mean, norm.running_var = layer.running_mean, layer.running_var
    norm.num_batches_tracked = layer.num_batches_tracked
    return norm.train(layer.training)
