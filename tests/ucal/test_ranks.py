"""Several processes train what one trains: parts, sums, batch norms, and two gloo ranks beside one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import nn

from tests.two_ranks import BASES
from ucal.backbones.rank_norm import RankNorm, share_norms
from ucal.backbones.small import SmallNet
from ucal.errors import ConfigError
from ucal.ranks import ALONE, Ranks, ranks_of_environment

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def group() -> Iterator[None]:
    """A process group of this process alone, without a port."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_parts_are_consecutive_and_cover_the_batch() -> None:
    parts = [Ranks(rank, 3).part(8) for rank in range(3)]
    assert [part.stop - part.start for part in parts] == [2, 3, 3]
    assert [row for part in parts for row in range(8)[part]] == list(range(8))
    assert ALONE.part(8) == slice(0, 8)


def test_more_ranks_than_pictures_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"at least one image a process \(3\), got 2"):
        Ranks(0, 3).part(2)


def test_a_process_that_torchrun_did_not_start_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with ranks_of_environment("cpu") as ranks:
        assert ranks.alone
        assert ranks.from_first(lambda: 7) == 7


@pytest.mark.parametrize(("world", "message"), [("2", "expected RANK, LOCAL_RANK, "), ("two", "got 'two'")])
def test_an_incomplete_environment_is_named(world: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORLD_SIZE", world)
    with pytest.raises(ConfigError, match=message), ranks_of_environment("cpu"):
        pass


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("shape", [(6, 5), (4, 5, 3, 2)])
def test_a_shared_batch_norm_is_torchs_when_all_the_batch_is_here(shape: tuple[int, ...]) -> None:
    values = 100.0 + torch.randn(shape, generator=torch.Generator().manual_seed(0))  # a mean far from 0
    plain: nn.Module = nn.BatchNorm1d(5) if len(shape) == 2 else nn.BatchNorm2d(5)
    with torch.no_grad():
        plain.weight.copy_(torch.arange(1.0, 6.0))
        plain.bias.fill_(0.5)
    shared = share_norms(nn.Sequential(plain), gpu=False)[0]  # type: ignore[index]
    other = nn.BatchNorm1d(5) if len(shape) == 2 else nn.BatchNorm2d(5)
    other.load_state_dict(plain.state_dict())
    results = []
    for layer in (shared, other):
        source = values.clone().requires_grad_()
        made = layer(source)
        (made * torch.arange(made.numel()).view(shape).cos()).sum().backward()
        assert source.grad is not None
        results.append((made.detach(), source.grad, layer.weight.grad.clone(), layer.running_mean, layer.running_var))
        layer.weight.grad = None
    assert isinstance(shared, RankNorm)
    for ours, torchs in zip(*results, strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-4, atol=1e-4)
    assert int(shared.num_batches_tracked) == 1
    torch.testing.assert_close(shared.eval()(values), other.eval()(values))


def test_sharing_norms_keeps_parameters_and_key_names() -> None:
    net = SmallNet("gap")
    before, parameters = list(net.state_dict()), {id(p) for p in net.parameters()}
    shared = share_norms(net, gpu=False)
    assert list(shared.state_dict()) == before
    assert {id(p) for p in shared.parameters()} == parameters
    assert not any(type(layer) in (nn.BatchNorm1d, nn.BatchNorm2d) for layer in shared.modules())
    assert not shared.head.neck.bias.requires_grad  # type: ignore[union-attr]


def _torchrun(*words: str) -> None:
    launch = ("torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", "2", "-m")
    _python("-m", *launch, *words)


def _python(*words: str) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, np.ndarray], ...]:
    """What one process makes, and what each of two ranks makes."""
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    _python("-m", "tests.two_ranks", str(one))
    _torchrun("tests.two_ranks", str(two))
    return tuple(dict(np.load(path)) for path in (one / "rank0.npz", two / "rank0.npz", two / "rank1.npz"))


@pytest.mark.slow
@pytest.mark.parametrize("base", BASES)
def test_two_gloo_ranks_train_what_one_process_trains(base: str, trained: tuple[dict[str, np.ndarray], ...]) -> None:
    one, first, second = ({key: run[f"{base} {key}"] for key in ("gradient", "losses", "rows")} for run in trained)
    for key in one:  # the ranks stay the same to the bit
        np.testing.assert_array_equal(first[key], second[key])
    assert np.linalg.norm(first["gradient"] - one["gradient"]) < 1e-4 * np.linalg.norm(one["gradient"])
    # 12 steps later: ReLU has kinks, and Adam divides small gradients by their own size
    np.testing.assert_allclose(first["losses"], one["losses"], rtol=5e-3)
    np.testing.assert_allclose(first["rows"], one["rows"], atol=0.03)


@pytest.mark.slow
def test_a_whole_run_under_torchrun_is_the_run_of_one_process(tmp_path: Path) -> None:
    words = ["-m", "ucal", "simulate", "--synth", "0", "--identities", "12", "--cameras", "3", "--images", "2"]
    words += ["--epochs", "2", "--query-from", "1", "--policy", "spal", "--device", "cpu"]
    for setting in ("iterations=3", "identities_per_batch=6", "lr=1e-5", "precision=float32"):
        words += ["--set", setting]
    for name, start in (("one", _python), ("two", lambda *words: _torchrun(*words[1:]))):
        start(*words, "--out", str(tmp_path / name), "--json", str(tmp_path / f"{name}.json"))
    one, two = (json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) for name in ("one", "two"))
    for ours, theirs in zip(two["rounds"], one["rounds"], strict=True):
        assert ours["cluster_hash"] == theirs["cluster_hash"]
        assert ours["answers"] == theirs["answers"]
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-3)
        assert ours["mAP"] == pytest.approx(theirs["mAP"], abs=0.01)
    assert two["final"]["answers"] > 0
    rows = [np.load(tmp_path / name / "features.npz")["feats"] for name in ("one", "two")]
    np.testing.assert_allclose(rows[1], rows[0], atol=1e-3)


@pytest.mark.slow
def test_processes_without_training_to_share_are_refused(tmp_path: Path) -> None:
    features = tmp_path / "features.npz"
    rows = np.eye(4, dtype=np.float32)
    np.savez(features, feats=rows, ids=np.array([0, 0, 1, 1]))
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
    words += ["--nproc-per-node", "2", "-m", "ucal", "simulate", "--features", str(features), "--device", "cpu"]
    done = subprocess.run(
        [*words, "--json", str(tmp_path / "out.json")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert "2 processes share training, and train=false leaves nothing to share: start one" in done.stderr
