"""A small residual net for small pictures and machines without a GPU: 0.31 M parameters, d = 128."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from ucal.backbones.head import Head
from ucal.backbones.resnet import BasicBlock, initialise, stage


class SmallNet(nn.Module):
    """pictures (n, 3, h, w), normalised -> rows (n, 128) of length 1; one block per width of 16-32-64-128."""

    def __init__(self, pooling: Literal["gap", "gem"]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = stage(BasicBlock, 16, 16, 1, 1)
        self.layer2 = stage(BasicBlock, 16, 32, 1, 2)
        self.layer3 = stage(BasicBlock, 32, 64, 1, 2)
        self.layer4 = stage(BasicBlock, 64, 128, 1, 2)
        self.head = Head(128, pooling)
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, 128)."""
        maps = self.layer1(self.relu(self.bn1(self.conv1(images))))
        rows: Tensor = self.head(self.layer4(self.layer3(self.layer2(maps))))
        return rows
