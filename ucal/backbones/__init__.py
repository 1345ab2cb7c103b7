"""Backbones: pictures in, feature rows of length 1 out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import nn

from ucal.backbones.mobilenet import MobileNetV2
from ucal.backbones.resnet import resnet18, resnet34, resnet50
from ucal.backbones.small import SmallNet
from ucal.backbones.weights import load_into
from ucal.config import RunConfig
from ucal.pretrained import IMAGENET, imagenet_weights

_MAKERS: dict[str, Callable[[Literal["gap", "gem"]], nn.Module]] = {
    "small": SmallNet,
    "mobilenet-v2": MobileNetV2,
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
}


def build(config: RunConfig) -> nn.Module:
    """Make the backbone that the settings name, with its weights, on the CPU.

    The module takes pictures (n, 3, height, width), normalised, and gives (n, d) rows of length 1.
    Random weights follow from `config.seed`; the process's own random state is left as it was.

    Raises:
        WeightsError: `config.weights` does not fit, or `imagenet` cannot be fetched.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = _MAKERS[config.backbone](config.pooling)
    if config.weights is not None:
        load_into(model, imagenet_weights(config.backbone) if config.weights == IMAGENET else config.weights)
    return model
