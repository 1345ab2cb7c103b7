"""Every base with every policy: it runs to its end, or it is refused in words that say why."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from ucal.build import Surroundings, build
from ucal.config import Base, Policy, RunConfig
from ucal.datasets import read
from ucal.datasets.dataset import Dataset
from ucal.datasets.synth import generate
from ucal.drive import drive
from ucal.errors import ConfigError
from ucal.runs import FileLog, FolderStates, RunFolder
from ucal.state import State
from ucal.types import Step

CONFIG = RunConfig(
    backbone="small",
    weights="start",
    height=64,
    width=32,
    epochs=3,
    query_from=1,
    iterations=2,
    identities_per_batch=4,
    images_per_identity=2,
    k1=6,
    k2=2,
    min_samples=2,
    budget=12,
    budget_per_round=6,
    device="cpu",
    threads=1,
)
REFUSED = {("supervised", policy) for policy in get_args(Policy) if policy != "none"}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root = tmp_path_factory.mktemp("matrix") / "set"
    return read(generate(root, identities=8, cameras=2, images=2, height=64, width=32, seed=0, hard=0.3), "market1501")


def run(root: Path, config: RunConfig, dataset: Dataset) -> State:
    folder = RunFolder(root)
    return drive(build(config, dataset, Surroundings(folder, FileLog(root / "answers.jsonl"))), FolderStates(folder))


@pytest.mark.parametrize(("base", "policy"), [*itertools.product(get_args(Base), get_args(Policy))])
def test_every_base_runs_with_every_policy_or_is_refused_with_a_reason(
    base: str, policy: str, people: Dataset, tmp_path: Path
) -> None:
    config = CONFIG.replace(base=base, policy=policy)
    if (base, policy) in REFUSED:
        with pytest.raises(ConfigError, match=f"base '{base}' .*: "):
            run(tmp_path, config, people)
        return
    end = run(tmp_path, config, people)
    assert end.step is Step.DONE
    assert len(end.reports) == 3
    assert end.reports[-1].mAP is not None
    assert all(report.loss is not None for report in end.reports)
    assert (end.reports[-1].answers > 0) == (policy != "none")
    assert end.reports[-1].answers <= 12


def test_the_supervised_bound_learns_from_exactly_the_identities(people: Dataset, tmp_path: Path) -> None:
    end = run(tmp_path, CONFIG.replace(base="supervised", policy="none"), people)
    assert end.reports[-1].pairwise == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert end.reports[-1].outliers == 0


def test_the_supervised_bound_is_refused_without_identities_or_training(people: Dataset, tmp_path: Path) -> None:
    nameless = dataclasses.replace(people.train[0], identity=None)
    unknown = dataclasses.replace(people, train=(nameless, *people.train[1:]))
    config = CONFIG.replace(base="supervised", policy="none")
    with pytest.raises(ConfigError, match="base 'supervised' learns from the identities, and these data have none"):
        run(tmp_path, config, unknown)
    rows = dataclasses.replace(people, features=np.eye(len(people.train), dtype=np.float32))
    with pytest.raises(ConfigError, match="train=false leaves nothing to do"):
        run(tmp_path, config.replace(train=False), rows)
