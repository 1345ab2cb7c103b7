"""Loading weights: what fits is loaded, what does not is named, nothing is executed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from ucal.backbones import build
from ucal.backbones.embed import embed
from ucal.backbones.weights import START, load_into
from ucal.config import RunConfig
from ucal.errors import WeightsError

SMALL = RunConfig(backbone="small")
SHARED = Path(os.environ.get("UCAL_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def state(seed: int = 7) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in build(SMALL.replace(seed=seed)).state_dict().items()}


@pytest.mark.parametrize("kind", ["safetensors", "pt", "wrapped"])
def test_every_kind_of_file_loads(tmp_path: Path, kind: str) -> None:
    wanted, path = state(), tmp_path / f"w.{'safetensors' if kind == 'safetensors' else 'pt'}"
    if kind == "safetensors":
        save_file(wanted, path)
    else:
        torch.save(wanted if kind == "pt" else {"state_dict": {f"module.{k}": v for k, v in wanted.items()}}, path)
    got = build(SMALL.replace(weights=str(path))).state_dict()
    assert all(torch.equal(got[key], wanted[key]) for key in wanted)


def test_half_precision_is_widened_and_a_classifier_and_an_absent_head_do_not_matter(tmp_path: Path) -> None:
    foreign = {key: value.half() if value.is_floating_point() else value for key, value in state().items()}
    foreign = {key: value for key, value in foreign.items() if not key.startswith("head.")}
    save_file(foreign | {"fc.weight": torch.zeros(10, 128), "fc.bias": torch.zeros(10)}, tmp_path / "w.safetensors")
    model = build(SMALL)
    load_into(model, tmp_path / "w.safetensors")
    assert model.state_dict()["conv1.weight"].dtype == torch.float32
    torch.testing.assert_close(model.state_dict()["conv1.weight"], foreign["conv1.weight"].float())


def test_keys_that_do_not_fit_are_named(tmp_path: Path) -> None:
    wrong = state()
    del wrong["layer1.0.conv1.weight"]
    wrong |= {"stem.weight": torch.zeros(1), "conv1.weight": torch.zeros(16, 3, 7, 7)}
    save_file(wrong, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError) as caught:
        load_into(build(SMALL), tmp_path / "w.safetensors")
    text = str(caught.value)
    assert "missing: layer1.0.conv1.weight" in text
    assert "unexpected: stem.weight" in text
    assert "wrong shape: conv1.weight (16, 3, 7, 7) for (16, 3, 3, 3)" in text


def test_weights_of_another_backbone_are_refused_in_one_short_line(tmp_path: Path) -> None:
    save_file(state(), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="and .* more") as caught:
        build(RunConfig(backbone="resnet18", weights=str(tmp_path / "w.safetensors")))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1200


def test_weights_learnt_with_average_pooling_serve_gem_and_the_reverse_is_refused(tmp_path: Path) -> None:
    averaged = build(RunConfig(backbone="small", seed=3)).state_dict()
    torch.save(averaged, tmp_path / "gap.pth")
    got = build(RunConfig(backbone="small", seed=4, pooling="gem", weights=str(tmp_path / "gap.pth"))).state_dict()
    assert got["head.pool.p"].tolist() == [3.0]
    assert all(torch.equal(got[key], averaged[key]) for key in averaged)
    torch.save(got | {"head.pool.p": torch.tensor([2.5])}, tmp_path / "gem.pth")
    again = build(RunConfig(backbone="small", pooling="gem", weights=str(tmp_path / "gem.pth"))).state_dict()
    assert again["head.pool.p"].tolist() == [2.5]
    with pytest.raises(WeightsError, match=r"unexpected: head\.pool\.p"):
        build(RunConfig(backbone="small", weights=str(tmp_path / "gem.pth")))


def test_half_a_head_is_a_fault(tmp_path: Path) -> None:
    wrong = state()
    del wrong["head.neck.running_mean"]
    save_file(wrong, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"missing: head\.neck\.running_mean"):
        load_into(build(SMALL), tmp_path / "w.safetensors")


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, ("sprung",))


def test_a_pickle_with_code_in_it_is_refused_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"conv1.weight": Trap()}, tmp_path / "evil.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"a": Trap()}, protocol=2))
    for name in ("evil.pt", "plain.pt"):
        with pytest.raises(WeightsError, match="could not read it"):
            load_into(build(SMALL), tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
@pytest.mark.parametrize("content", [b"", b"not weights at all"])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match="expected .*, could not read it"):
        load_into(build(SMALL), tmp_path / name)


def test_a_missing_file_and_a_file_of_other_things_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="expected a file of weights, there is none"):
        load_into(build(SMALL), tmp_path / "none.pt")
    torch.save({"epoch": 3}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="expected a dict of tensors"):
        load_into(build(SMALL), tmp_path / "w.pt")


def test_the_packaged_start_is_small_whole_and_only_for_the_small_net() -> None:
    about = json.loads(START.with_suffix(".json").read_text())
    assert about["sha256"] == hashlib.sha256(START.read_bytes()).hexdigest()
    assert START.stat().st_size <= 1_500_000
    model = build(SMALL.replace(weights="start"))
    assert not torch.equal(model.state_dict()["conv1.weight"], build(SMALL).state_dict()["conv1.weight"])
    with pytest.raises(WeightsError, match="do not fit"):
        build(RunConfig(backbone="resnet18", weights="start"))


@pytest.mark.slow
@pytest.mark.shared
def test_mobilenet_gives_the_shared_features() -> None:
    weights = SHARED / "weights" / "mobilenet_v2_imagenet_fp16.safetensors"
    features = SHARED / "features" / "omniglot_small_mobilenetv2_112.npz"
    if not weights.exists() or not features.exists():
        pytest.skip(f"the shared weights and features are not at {SHARED}")
    shared = np.load(features)
    chosen = [row for row, name in enumerate(shared["filenames"]) if "background_small1/" in name][:200:40]
    with zipfile.ZipFile(SHARED / "data" / "omniglot" / "images_background_small1.zip") as archive:
        files = [io.BytesIO(archive.read(shared["filenames"][row].split("/", 1)[1])) for row in chosen]
    drawings = [Image.open(file).convert("RGB").resize((112, 112), Image.Resampling.BILINEAR) for file in files]
    model = build(RunConfig(backbone="mobilenet-v2", weights=str(weights)))
    rows = embed(model, np.stack([np.asarray(drawing) for drawing in drawings]))
    wanted = shared["feats"][chosen].astype(np.float32)
    assert ((rows * wanted).sum(axis=1) / np.linalg.norm(wanted, axis=1)).min() > 0.999
