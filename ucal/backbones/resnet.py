"""ResNet-18/34/50 with torchvision's state-dict keys and no last down-sampling.

Source: UCAL 4.2, Cluster Contrast 4.2 (ResNet-50); differs from torchvision: the stride of layer4 is 1,
so a 256x128 picture gives a 16x8 map, and the classifier is a `Head`.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from ucal.backbones.head import Head


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a short cut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, width, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, width, h / stride, w / stride)."""
        kept: Tensor = maps if self.downsample is None else self.downsample(maps)
        inner = self.relu(self.bn1(self.conv1(maps)))
        result: Tensor = self.relu(self.bn2(self.conv2(inner)) + kept)
        return result


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions and a short cut; the 3x3 one carries the stride."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, width * 4, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, 4 width, h / stride, w / stride)."""
        kept: Tensor = maps if self.downsample is None else self.downsample(maps)
        inner = self.relu(self.bn1(self.conv1(maps)))
        inner = self.relu(self.bn2(self.conv2(inner)))
        result: Tensor = self.relu(self.bn3(self.conv3(inner)) + kept)
        return result


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def stage(block: type[BasicBlock | Bottleneck], inputs: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    """Stack blocks; the first carries the stride."""
    widths = [inputs] + [width * block.expansion] * (blocks - 1)
    return nn.Sequential(*(block(w, width, stride if i == 0 else 1) for i, w in enumerate(widths)))


class ResNet(nn.Module):
    """pictures (n, 3, h, w), normalised -> rows (n, d) of length 1."""

    def __init__(self, block: type[BasicBlock | Bottleneck], blocks: tuple[int, ...], pooling: Literal["gap", "gem"]):
        super().__init__()
        grow = block.expansion
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = stage(block, 64, 64, blocks[0], 1)
        self.layer2 = stage(block, 64 * grow, 128, blocks[1], 2)
        self.layer3 = stage(block, 128 * grow, 256, blocks[2], 2)
        self.layer4 = stage(block, 256 * grow, 512, blocks[3], 1)
        self.head = Head(512 * grow, pooling)
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, d)."""
        maps = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        rows: Tensor = self.head(self.layer4(self.layer3(self.layer2(self.layer1(maps)))))
        return rows


def initialise(model: nn.Module) -> None:
    """Set convolutions to Kaiming's normal, fan-out (changes `model`); batch norms start at 1 and 0 anyway."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def resnet18(pooling: Literal["gap", "gem"]) -> ResNet:
    """ResNet-18, d = 512."""
    return ResNet(BasicBlock, (2, 2, 2, 2), pooling)


def resnet34(pooling: Literal["gap", "gem"]) -> ResNet:
    """ResNet-34, d = 512."""
    return ResNet(BasicBlock, (3, 4, 6, 3), pooling)


def resnet50(pooling: Literal["gap", "gem"]) -> ResNet:
    """ResNet-50, d = 2048."""
    return ResNet(Bottleneck, (3, 4, 6, 3), pooling)
