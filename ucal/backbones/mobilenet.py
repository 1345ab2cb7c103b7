"""MobileNetV2 (width 1.0) with torchvision's state-dict keys, d = 1280."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from ucal.backbones.head import Head
from ucal.backbones.resnet import initialise

# expansion, channels, blocks, stride of the first block
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; a short cut where the shape stays."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        parts: list[nn.Module] = [_conv(inputs, hidden, 1)] if expansion > 1 else []
        parts += [_conv(hidden, hidden, 3, stride, hidden), nn.Conv2d(hidden, outputs, 1, bias=False)]
        self.conv = nn.Sequential(*parts, nn.BatchNorm2d(outputs))
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, maps: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        inner: Tensor = self.conv(maps)
        return maps + inner if self.shortcut else inner


class MobileNetV2(nn.Module):
    """pictures (n, 3, h, w), normalised -> rows (n, 1280) of length 1."""

    def __init__(self, pooling: Literal["gap", "gem"]) -> None:
        super().__init__()
        layers: list[nn.Module] = [_conv(3, 32, 3, 2)]
        width = 32
        for expansion, channels, blocks, stride in _STAGES:
            for block in range(blocks):
                layers.append(InvertedResidual(width, channels, stride if block == 0 else 1, expansion))
                width = channels
        self.features = nn.Sequential(*layers, _conv(width, 1280, 1))
        self.head = Head(1280, pooling)
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, 1280)."""
        rows: Tensor = self.head(self.features(images))
        return rows
