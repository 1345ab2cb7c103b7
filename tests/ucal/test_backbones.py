"""Backbones: shapes, torchvision's keys, the neck, determinism."""

from __future__ import annotations

import pytest
import torch

from ucal.backbones import build
from ucal.backbones.embed import dimension_of
from ucal.backbones.head import Average, GeneralisedMean, Head
from ucal.config import RunConfig


@pytest.mark.parametrize(
    ("name", "dimension", "parameters", "keys"),
    [
        ("small", 128, 307_792, ("conv1.weight", "layer4.0.downsample.0.weight")),
        ("mobilenet-v2", 1280, 2_223_872 + 2560, ("features.0.0.weight", "features.18.1.running_var")),
        ("resnet18", 512, 11_176_512 + 1024, ("layer4.1.conv2.weight", "layer2.0.downsample.1.bias")),
        ("resnet34", 512, 21_284_672 + 1024, ("layer3.5.bn2.weight", "layer4.2.conv1.weight")),
        ("resnet50", 2048, 23_508_032 + 4096, ("layer1.0.downsample.0.weight", "layer4.2.conv3.weight")),
    ],
)
def test_each_backbone_has_torchvisions_size_and_keys(
    name: str, dimension: int, parameters: int, keys: tuple[str, ...]
) -> None:
    # torchvision's published counts, less the classifier, plus the neck's weight and (frozen) bias
    with torch.device("meta"):
        model = build(RunConfig(backbone=name))  # type: ignore[arg-type]
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
    assert dimension_of(model) == dimension
    state = model.state_dict()
    assert all(key in state for key in keys)


@pytest.mark.parametrize("name", ["small", "mobilenet-v2", "resnet18"])
@pytest.mark.parametrize("training", [False, True])
def test_rows_have_length_one_in_training_and_evaluation(name: str, training: bool) -> None:
    model = build(RunConfig(backbone=name)).train(training)  # type: ignore[arg-type]
    rows = model(torch.rand(3, 3, 64, 32))
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize(("name", "shape"), [("resnet18", (512, 16, 8)), ("resnet50", (2048, 16, 8))])
def test_the_last_stage_of_a_resnet_does_not_shrink_the_map(name: str, shape: tuple[int, ...]) -> None:
    model = build(RunConfig(backbone=name)).eval()  # type: ignore[arg-type]
    seen: list[torch.Size] = []
    model.get_submodule("layer4").register_forward_hook(lambda module, args, maps: seen.append(maps.shape[1:]))
    with torch.inference_mode():
        model(torch.rand(1, 3, 256, 128))
    assert tuple(seen[0]) == shape
    first = model.get_submodule("layer4.0")
    stride = first.conv2.stride if name == "resnet50" else first.conv1.stride
    assert stride == first.downsample[0].stride == (1, 1)  # type: ignore[index, union-attr]


def test_the_neck_learns_no_bias() -> None:
    head = Head(4, "gap")
    assert not head.neck.bias.requires_grad
    assert head.neck.weight.requires_grad
    assert float(head.neck.bias.abs().sum()) == 0.0


def test_generalised_mean_lies_between_mean_and_maximum_and_is_the_mean_for_p_one() -> None:
    maps = torch.rand(2, 3, 4, 5) + 0.1
    pool = GeneralisedMean()
    assert float(pool.p.detach()) == 3.0
    assert (pool(maps).detach() > Average()(maps)).all()
    assert (pool(maps) < maps.amax(dim=(2, 3))).all()
    with torch.no_grad():
        pool.p.fill_(1.0)
    torch.testing.assert_close(pool(maps), maps.mean(dim=(2, 3)))


def test_generalised_mean_of_a_hand_example() -> None:
    maps = torch.tensor([[[[1.0, 2.0], [-5.0, 0.0]]]])  # negative and zero are clamped to 1e-6
    torch.testing.assert_close(GeneralisedMean()(maps), torch.tensor([[(9 / 4) ** (1 / 3)]]))


def test_weights_follow_from_the_seed_and_the_process_random_state_is_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = (build(RunConfig(backbone="small", seed=seed)).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])
