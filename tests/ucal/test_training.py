"""The learners: they learn, they repeat, they go on from a file as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ucal.config import RunConfig
from ucal.datasets.synth import Pictures, Plan, render_arrays
from ucal.errors import DataFormatError, FeaturesError, InterruptedRun, RunError
from ucal.events import Event
from ucal.learners.frozen import FrozenLearner
from ucal.learners.learner import ImageLearner
from ucal.meta import subset_of
from ucal.seams import Learner
from ucal.types import IntArray

NOBODY: IntArray = np.zeros(0, np.int64)
BASES = ("cluster-contrast", "spcl", "gcl-scl", "mcl")


@pytest.fixture(scope="module")
def people() -> dict[str, Pictures]:
    return render_arrays(Plan(identities=5, cameras=2, images=2, height=32, width=16, seed=1, hard=0.3, held_out=2))


def settings(base: str = "cluster-contrast", **changes: object) -> RunConfig:
    start = RunConfig(
        backbone="small",
        height=32,
        width=16,
        iterations=3,
        identities_per_batch=4,
        images_per_identity=2,
        lr=2e-3,
        pad=2,
        device="cpu",
    )
    return start.replace(base=base, **changes)


def make(config: RunConfig, people: dict[str, Pictures], **options: object) -> ImageLearner:
    train, query, gallery = (people[split] for split in ("train", "query", "gallery"))
    return ImageLearner(config, train.pixels, train.cameras, query.pixels, gallery.pixels, **options)  # type: ignore[arg-type]


def equal(first: ImageLearner, second: ImageLearner) -> bool:
    ours, theirs = first.model.state_dict(), second.model.state_dict()
    return all(torch.equal(ours[key], theirs[key]) for key in ours)


@pytest.mark.parametrize(
    ("base", "more"),
    [*((base, {}) for base in BASES), *(("gcl-scl", {"scl_queries": queries}) for queries in ("average", "random"))],
)
def test_going_on_from_a_file_gives_bit_for_bit_what_going_on_would_have_given(
    base: str, more: dict[str, object], people: dict[str, Pictures], tmp_path: Path
) -> None:
    labels = people["train"].identities.copy()
    labels[:3] = -1
    config = settings(base, erase=0.5, lr_step=2, **more)
    kept = make(config, people)
    for round_ in range(2):
        kept.features()
        kept.train(labels, np.array([5]), round_)
    kept.save(tmp_path / "state")
    loaded = make(config, people)
    loaded.load(tmp_path / "state")
    np.testing.assert_array_equal(kept.features(), loaded.features())
    assert kept.train(labels, NOBODY, 2) == loaded.train(labels, NOBODY, 2)
    assert equal(kept, loaded)
    np.testing.assert_array_equal(kept.features(), loaded.features())
    kept.save(tmp_path / "a")
    loaded.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("base", BASES)
def test_training_with_true_labels_brings_people_together(base: str, people: dict[str, Pictures]) -> None:
    learner, truth = make(settings(base, erase=0.0, iterations=8), people), people["train"].identities
    same = (truth[:, None] == truth) & ~np.eye(len(truth), dtype=bool)

    def margin() -> float:
        rows = learner.embed("train")
        cosines = rows @ rows.T
        return float(cosines[same].mean() - cosines[truth[:, None] != truth].mean())

    before = margin()
    for round_ in range(4):
        learner.features()
        assert isinstance(learner.train(truth, NOBODY, round_), float)
    assert margin() > before + 0.1


@pytest.mark.parametrize("base", [base for base in BASES if base != "gcl-scl"])  # there they stay in others' graphs
def test_excluded_rows_take_part_in_nothing(base: str, people: dict[str, Pictures]) -> None:
    train, excluded = people["train"], np.array([0, 7])
    labels = train.identities
    other = dict(people)
    noise = train.pixels.copy()
    noise[excluded] = 255 - noise[excluded]
    other["train"] = Pictures(noise, train.identities, train.cameras, train.keys)
    first, second = make(settings(base), people), make(settings(base), other)
    assert first.train(labels, excluded, 0) == second.train(labels, excluded, 0)
    assert equal(first, second)


def test_rows_in_no_cluster_are_left_out_by_cluster_contrast_and_single_classes_for_spcl(
    people: dict[str, Pictures],
) -> None:
    labels = np.full(len(people["train"].pixels), -1)
    events: list[Event] = []
    contrast = make(settings("cluster-contrast"), people, sink=events.append)
    assert contrast.train(labels, NOBODY, 3) is None
    assert [event.values["text"] for event in events if event.name == "warning"] == [
        "round 3: 0 class(es) to learn from, expected at least 2; training is left out"
    ]
    assert isinstance(make(settings("spcl"), people).train(labels, NOBODY, 3), float)


@pytest.mark.parametrize("base", BASES)
def test_one_cluster_trains_nothing_and_changes_nothing(base: str, people: dict[str, Pictures]) -> None:
    learner, untouched = make(settings(base), people), make(settings(base), people)
    labels = np.zeros(len(people["train"].pixels), np.int64)
    assert learner.train(labels, NOBODY, 0) is None
    assert equal(learner, untouched)


def test_fewer_clusters_than_the_batch_wants_still_train(people: dict[str, Pictures]) -> None:
    labels = np.where(people["train"].identities < 3, 0, 1)
    assert isinstance(make(settings(identities_per_batch=8), people).train(labels, NOBODY, 0), float)


def test_the_learning_rate_falls_tenfold_by_round_number(people: dict[str, Pictures]) -> None:
    learner = make(settings(lr_step=3, lr=1e-3, iterations=1), people)
    rates = []
    for round_ in (0, 2, 3, 6):
        learner.train(people["train"].identities, NOBODY, round_)
        rates.append(learner._optimiser.param_groups[0]["lr"])
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 1e-4, 1e-5])


def test_spcl_clusters_its_memory_which_training_moves_only_for_rows_it_saw(people: dict[str, Pictures]) -> None:
    learner = make(settings("spcl"), people)
    start = learner.features()
    np.testing.assert_allclose(start, learner.embed("train"), atol=1e-6)
    excluded = np.array([2])
    learner.train(people["train"].identities, excluded, 0)
    after = learner.features()
    np.testing.assert_array_equal(after[2], start[2])
    assert (after != start).any()
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("base", BASES)
def test_arguments_and_given_features_are_not_changed(base: str, people: dict[str, Pictures]) -> None:
    learner, labels = make(settings(base), people), people["train"].identities.copy()
    pixels = people["train"].pixels.copy()
    learner.features()[:] = 0  # a copy: nobody else's rows
    learner.train(labels, NOBODY, 0)
    np.testing.assert_array_equal(labels, people["train"].identities)
    np.testing.assert_array_equal(pixels, people["train"].pixels)
    assert np.isfinite(learner.features()).all()


def test_gcl_scl_clusters_features_beside_their_refined_form_and_learns_the_graph(people: dict[str, Pictures]) -> None:
    learner = make(settings("gcl-scl", gcl_graph=4), people)
    start, plain = learner.features(), learner.embed("train")
    assert start.shape == (len(plain), 2 * plain.shape[1])
    np.testing.assert_allclose(np.linalg.norm(start, axis=1), 1, atol=1e-5)
    assert learner.embed("query").shape[1] == plain.shape[1]
    half = start[:, : plain.shape[1]]
    np.testing.assert_allclose(half / np.linalg.norm(half, axis=1, keepdims=True), plain, atol=1e-5)
    before = {key: value.clone() for key, value in learner.model.state_dict().items() if key.startswith("graph.")}
    learner.train(people["train"].identities, NOBODY, 0)
    after = learner.model.state_dict()
    assert before
    assert all(not torch.equal(value, after[key]) for key, value in before.items())
    assert (learner.features() != start).any()


@pytest.mark.parametrize(("polish", "steps"), [("joint", 3), ("after", 6)])
@pytest.mark.parametrize("batches", ["proxy", "uniform"])
def test_mcl_learns_from_rows_outside_the_subset_whatever_their_labels(
    polish: str, steps: int, batches: str, people: dict[str, Pictures]
) -> None:
    config = settings("mcl", mcl_polish=polish, mcl_batches=batches)
    train = people["train"]
    outside = ~subset_of(len(train.pixels), 0.5, config.seed)
    events: list[Event] = []
    first, second, alone = make(config, people, sink=events.append), make(config, people), make(config, people)
    other = np.where(outside, -1, train.identities)
    assert first.train(train.identities, NOBODY, 0) == second.train(other, NOBODY, 0)
    assert equal(first, second)
    assert len([event for event in events if event.name == "loss"]) == steps
    alone.train(train.identities, np.flatnonzero(outside), 0)
    assert not equal(first, alone)


def test_mcl_with_the_whole_set_clustered_is_cluster_contrast(people: dict[str, Pictures]) -> None:
    whole, contrast = make(settings("mcl", mcl_rho=1.0), people), make(settings(), people)
    labels = people["train"].identities
    assert whole.train(labels, NOBODY, 0) == contrast.train(labels, NOBODY, 0)
    assert equal(whole, contrast)


def test_a_given_order_decides_the_graphs(people: dict[str, Pictures]) -> None:
    order = np.arange(len(people["train"].pixels))[::-1].copy()
    cut, near = (make(settings("gcl-scl", gcl_graph=4), people, order=o) for o in (order, None))
    assert (cut.features() != near.features()).any()


def test_an_interruption_between_batches_stops_the_epoch(people: dict[str, Pictures]) -> None:
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise InterruptedRun("pause")

    with pytest.raises(InterruptedRun):
        make(settings(iterations=50), people, check=check).train(people["train"].identities, NOBODY, 0)
    assert len(calls) == 3


def test_losses_and_progress_are_told(people: dict[str, Pictures]) -> None:
    events: list[Event] = []
    learner = make(settings(), people, sink=events.append)
    loss = learner.train(people["train"].identities, NOBODY, 4)
    told = [event.values for event in events if event.name == "loss"]
    assert [(values["round"], values["iteration"]) for values in told] == [(4, 1), (4, 2), (4, 3)]
    np.testing.assert_allclose(np.mean([values["loss"] for values in told]), loss, rtol=1e-6)  # type: ignore[arg-type]
    assert [e.values["done"] for e in events if e.values.get("what") == "train"] == [1, 2, 3]


def test_a_loss_that_blows_up_is_a_clear_error(people: dict[str, Pictures]) -> None:
    learner = make(settings(), people)
    with torch.no_grad():
        next(learner.model.parameters()).fill_(float("inf"))
    with pytest.raises(RunError, match="the loss is not finite; try a lower lr"):
        learner.train(people["train"].identities, NOBODY, 0)


def test_half_precision_with_channels_last_trains(people: dict[str, Pictures]) -> None:
    learner = make(settings(precision="bf16"), people)
    assert isinstance(learner.train(people["train"].identities, NOBODY, 0), float)
    assert learner.embed("query").dtype == np.float32


def test_a_state_of_other_settings_or_data_or_a_damaged_one_is_refused(
    people: dict[str, Pictures], tmp_path: Path
) -> None:
    learner, path = make(settings("spcl"), people), tmp_path / "state"
    learner.features()
    learner.save(path)
    with pytest.raises(RunError, match="expected a state of"):
        make(settings("cluster-contrast"), people).load(path)
    fewer = {**people, "train": people["query"]}
    with pytest.raises(RunError, match=r"expected a memory of 4 pictures, got 20"):
        make(settings("spcl"), fewer).load(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(RunError, match="could not read it"):
        learner.load(path)
    with pytest.raises(RunError, match="could not read it"):
        learner.load(tmp_path / "none")
    save_file({"other": torch.zeros(1)}, path)
    with pytest.raises(RunError, match="got something else"):
        learner.load(path)


def test_a_state_holds_tensors_by_name_and_no_more(people: dict[str, Pictures], tmp_path: Path) -> None:
    learner = make(settings(), people)
    learner.train(people["train"].identities, NOBODY, 0)
    learner.save(tmp_path / "state")
    saved = load_file(tmp_path / "state")
    assert torch.equal(saved["model.conv1.weight"], learner.model.state_dict()["conv1.weight"])
    assert float(saved["adam.0.step"]) == 3


def test_wrong_shapes_are_clear_errors(people: dict[str, Pictures]) -> None:
    train = people["train"]
    with pytest.raises(DataFormatError, match=r"labels: expected one per picture \(20\)"):
        make(settings(), people).train(np.zeros(3, np.int64), NOBODY, 0)
    with pytest.raises(DataFormatError, match=r"cameras: expected one per picture \(20\), got 2"):
        ImageLearner(settings(), train.pixels, np.zeros(2, np.int64))
    with pytest.raises(DataFormatError, match="expected train, query or gallery with pictures, got 'query'"):
        ImageLearner(settings(), train.pixels, None).embed("query")


def test_given_features_are_brought_to_length_one_and_never_trained(tmp_path: Path) -> None:
    given = np.array([[3.0, 4.0], [0.0, 2.0]], np.float32)
    learner: Learner = FrozenLearner(given, query=given[:1])
    assert learner.train(np.array([0, 1]), NOBODY, 0) is None
    np.testing.assert_allclose(learner.features(), [[0.6, 0.8], [0.0, 1.0]])
    np.testing.assert_allclose(learner.embed("query"), [[0.6, 0.8]])
    learner.save(tmp_path / "state")
    learner.load(tmp_path / "state")
    np.testing.assert_array_equal(given, [[3.0, 4.0], [0.0, 2.0]])
    with pytest.raises(FeaturesError, match="expected given features of 'gallery'"):
        learner.embed("gallery")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros(3), r"expected \(n, d\), got shape \(3,\)"),
        (np.array([[1.0, np.nan]]), "row 0 is not"),
        (np.array([[1.0, 1.0], [0.0, 0.0]]), "row 1 is not"),
    ],
)
def test_given_features_that_cannot_be_used_are_refused(bad: np.ndarray, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(FeaturesError, match=words):
        FrozenLearner(bad.astype(np.float32))
