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
from ucal.events import Event
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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base": "gcl-scl", "gcl_order": "camera-time"}, "needs the camera and the time of every image"),
        ({"camera_jaccard": True}, "needs the camera of every image and at least two cameras"),
    ],
)
def test_settings_are_refused_where_the_data_cannot_serve_them(
    changes: dict[str, object], said: str, people: Dataset, tmp_path: Path
) -> None:
    blind = dataclasses.replace(people.train[0], camera=None)
    with pytest.raises(ConfigError, match=said):
        run(tmp_path, CONFIG.replace(**changes), dataclasses.replace(people, train=(blind, *people.train[1:])))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"camera_jaccard": True, "neighbours": "screened"}, "searches exactly: expected neighbours torch or faiss"),
        ({"base": "mcl", "snps_similarity": "jaccard"}, "its clustered share alone .mcl_rho 0.5.: use 'cosine'"),
    ],
)
def test_settings_that_would_not_do_what_they_say_are_refused(
    changes: dict[str, object], said: str, people: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=said):
        run(tmp_path, CONFIG.replace(**changes), people)


def test_scores_of_a_distance_that_is_not_worked_out_are_refused(people: Dataset, tmp_path: Path) -> None:
    rows = dataclasses.replace(people, features=np.eye(len(people.train), dtype=np.float32))
    settings = {"train": False, "query_from": 0, "first_cut": "calibrated", "snps_similarity": "jaccard"}
    with pytest.raises(ConfigError, match="first_cut 'calibrated' works out none"):
        run(tmp_path, CONFIG.replace(**settings), rows)


def test_gcl_scl_is_refused_on_given_features(people: Dataset, tmp_path: Path) -> None:
    rows = dataclasses.replace(people, features=np.eye(len(people.train), dtype=np.float32))
    with pytest.raises(ConfigError, match="train=false leaves its graphs at random weights"):
        run(tmp_path, CONFIG.replace(base="gcl-scl", train=False), rows)


@pytest.mark.parametrize("order", ["names-leak-identities", "camera-time"])
def test_graphs_cut_from_an_order_run_and_names_are_warned_about(order: str, people: Dataset, tmp_path: Path) -> None:
    timed = tuple(dataclasses.replace(image, time=float(row % 5)) for row, image in enumerate(people.train))
    events: list[Event] = []
    folder = RunFolder(tmp_path)
    config = CONFIG.replace(base="gcl-scl", policy="none", epochs=1, gcl_order=order)
    around = Surroundings(folder, FileLog(tmp_path / "answers.jsonl"), sink=events.append)
    end = drive(build(config, dataclasses.replace(people, train=timed), around), FolderStates(folder))
    assert end.step is Step.DONE
    warned = [event for event in events if event.name == "warning" and "identities leak" in str(event.values["text"])]
    assert len(warned) == (order == "names-leak-identities")


CAMERA_AWARE = {"camera_jaccard": True, "camera_k1_intra": 2, "camera_k1_inter": 4}


@pytest.mark.parametrize(
    ("base", "policy", "changes"),
    [
        *((base, "ucal", CAMERA_AWARE) for base in ("cluster-contrast", "spcl", "gcl-scl", "mcl")),
        ("spcl", "ucal", {"snps_similarity": "jaccard", "camera_centre": True, "memory": "pair"}),
        ("gcl-scl", "ucal", {"snps_similarity": "jaccard", "camera_centre": True, **CAMERA_AWARE}),
        ("gcl-scl", "spal", {"gcl_length": "halves", "gcl_start": "identity", "scl_queries": "random"}),
        ("mcl", "ucal", {"mcl_rho": 1.0, "snps_similarity": "jaccard"}),
        ("mcl", "spal", {"mcl_rho": 0.25, "mcl_polish": "after", "mcl_batches": "uniform", "memory": "pair"}),
        ("mcl", "efficient", {"camera_centre": True}),
        ("cluster-contrast", "spal", {"hard": True, "pooling": "gem", **CAMERA_AWARE}),
    ],
)
def test_settings_that_cut_across_bases_and_policies_go_together(
    base: str, policy: str, changes: dict[str, object], people: Dataset, tmp_path: Path
) -> None:
    config = CONFIG.replace(base=base, policy=policy, epochs=2, evaluate_every=2, **changes)
    end = run(tmp_path, config, people)
    assert end.step is Step.DONE
    assert end.reports[-1].answers > 0
    assert end.reports[-1].mAP is not None
