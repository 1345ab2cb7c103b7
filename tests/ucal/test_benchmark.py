"""The benchmark harness: what is planned and refused, how tables and curves come out, and that resuming is exact."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ucal.__main__ import main
from ucal.benchmark.curves import draw, points_of, to_csv
from ucal.benchmark.plan import Choice, make_plan
from ucal.benchmark.presets import BENCHMARKS, Variant, benchmark
from ucal.benchmark.running import Runner, Source
from ucal.benchmark.table import Figure, best_of, rows_of, to_json, to_markdown
from ucal.benchmark.workplace import Workplace
from ucal.commands.simulate import claim
from ucal.config import RunConfig
from ucal.errors import ConfigError, RunError

GENERATED = benchmark("generated")
SMALL = {
    "height": 48,
    "width": 24,
    "epochs": 3,
    "query_from": 1,
    "iterations": 3,
    "k1": 8,
    "k2": 3,
    "eps": 0.6,
    "min_samples": 2,
    "precision": "float32",
}


def plan(variants=("baseline", "both", "random"), seeds=(0,), **overrides):
    return make_plan(GENERATED, Choice(seeds, variants, overrides=tuple((SMALL | overrides).items())))


def a_result(config: RunConfig, scores: list[float], answers: list[int], minutes: float = 1.0) -> dict[str, Any]:
    """Give a result as `ucal simulate` writes it, of these mAPs and answers by epoch."""
    rounds = [
        {
            "round": number,
            "mAP": score,
            "rank1": score,
            "rank5": score,
            "rank10": score,
            "answers": asked,
            "human_seconds": 2.5 * asked,
            "cost_percent": asked / 100,
            "pairwise": {"precision": 1.0, "recall": 1.0, "f1": score},
        }
        for number, (score, asked) in enumerate(zip(scores, answers, strict=True))
    ]
    return {"config": config.to_dict(), "rounds": rounds, "final": rounds[-1], "seconds": {"train": 60 * minutes}}


CC_DATA = ("market1501", "dukemtmc", "msmt17", "veri776")

# -- plan ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", BENCHMARKS, ids=lambda b: b.name)
def test_every_preset_plans_its_variants_for_every_seed(preset):
    made = make_plan(preset, Choice())
    wanted = {variant.name for variant in preset.variants if not variant.optional}
    assert {cell.variant.name for cell in made.cells} == wanted
    assert {cell.seed for cell in made.cells} == {0, 1, 2}
    assert made.refused == ()
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_the_papers_tables_have_the_papers_settings():
    configs = {cell.variant.name: cell.config for cell in make_plan(benchmark("market1501-table2"), Choice((0,))).cells}
    both = configs["both"]
    assert (both.base, both.backbone, both.height, both.width, both.epochs) == ("spcl", "resnet50", 256, 128, 50)
    assert (both.identities_per_batch * both.images_per_identity, both.query_from, both.lr) == (64, 15, 3.5e-4)
    assert (both.lr_step, both.weight_decay, both.mpps_delta, both.merge_cap) == (20, 5e-4, 0.3, 0.2)
    assert (both.memory, both.weights) == ("pair", "imagenet")
    assert (configs["snps"].snps, configs["snps"].mpps) == (True, False)
    assert (configs["mpps"].snps, configs["mpps"].mpps) == (False, True)
    assert configs["baseline"].policy == configs["supervised"].policy == "none"
    assert configs["supervised"].base == "supervised"
    assert make_plan(benchmark("msmt17-table2"), Choice((0,))).cells[0].config.iterations == 800


def test_gcl_scls_ablations_leave_out_what_their_rows_leave_out():
    models = {c.variant.name: c.config for c in make_plan(benchmark("dukemtmc-gcl-scl-table2"), Choice((0,))).cells}
    rows = [(c.scl_queries == "hardest", c.gcl_graph > 1, c.gcl_weight > 0) for c in models.values()]
    # SCL, cluster refinement, noise suppression: as ticked in the paper's Table 2
    assert rows == [
        *((False, False, False), (False, False, True), (True, False, False)),
        *((True, False, True), (False, True, True), (True, True, True)),
    ]
    whole = models["model6"]
    assert (whole.gcl_graph, whole.gcl_temperature, whole.gcl_weight, whole.scl_k, whole.epochs) == (
        16,
        5.0,
        0.5,
        2,
        60,
    )
    assert (whole.identities_per_batch, whole.images_per_identity, whole.lr, whole.lr_step) == (16, 8, 3.5e-4, 20)
    table3 = make_plan(benchmark("dukemtmc-gcl-scl-table3"), Choice((0,))).cells
    assert [(c.variant.name, c.config.scl_queries, c.config.scl_k) for c in table3] == [
        *(("average", "average", 2), ("random", "random", 2)),
        *(("k1", "hardest", 1), ("k2", "hardest", 2), ("k4", "hardest", 4)),
    ]


def test_cluster_contrasts_tables_have_its_settings():
    configs = {data: make_plan(benchmark(f"{data}-cluster-contrast"), Choice((0,))).cells[0].config for data in CC_DATA}
    batches = {(c.identities_per_batch, c.images_per_identity, c.base, c.momentum, c.tau) for c in configs.values()}
    assert batches == {(16, 16, "cluster-contrast", None, 0.05)}
    assert {data: c.iterations for data, c in configs.items()} == dict(zip(CC_DATA, (200, 200, 400, 400), strict=True))
    assert (configs["veri776"].height, configs["veri776"].width) == (224, 224)


def test_a_variant_that_the_settings_do_not_know_is_refused_with_its_reason_and_the_others_run():
    unknown = replace(GENERATED, variants=(*GENERATED.variants, Variant("odd", "odd", {"base": "telepathy"})))
    made = make_plan(unknown, Choice((0,)))
    assert [(r.variant, "'telepathy'" in r.reason) for r in made.refused] == [("odd", True)]
    assert "odd" not in {cell.variant.name for cell in made.cells}
    assert "odd on telepathy was refused: base: expected" in to_markdown(made, (), None)
    with pytest.raises(ConfigError, match="generated, variant odd on telepathy: base: expected"):
        make_plan(unknown, Choice((0,), ("odd",)))


def test_supervised_comes_once_whatever_the_bases():
    made = make_plan(GENERATED, Choice((0,), bases=("spcl", "cluster-contrast")))
    assert [cell.base for cell in made.cells].count("supervised") == 1
    assert [cell.base for cell in made.cells].count("spcl") == 5


def test_a_control_needs_the_run_it_matches():
    with pytest.raises(ConfigError, match="variant random needs variant both"):
        make_plan(GENERATED, Choice((0,), ("baseline", "random")))


def test_an_unknown_variant_or_preset_lists_the_known_ones():
    with pytest.raises(ConfigError, match="expected one of baseline, snps"):
        make_plan(GENERATED, Choice((0,), ("best",)))
    with pytest.raises(ConfigError, match="expected one of generated"):
        benchmark("imagenet")


# -- table and curves ------------------------------------------------------------------------------


def two_seeds():
    """Give a plan of two variants and two seeds with made results."""
    made = make_plan(benchmark("market1501-table2"), Choice((0, 1), ("baseline", "both")))
    scores = {
        "spcl-baseline-seed0": ([0.1, 0.4, 0.3], [0, 0, 0]),
        "spcl-baseline-seed1": ([0.1, 0.2, 0.5], [0, 0, 0]),
        "spcl-both-seed0": ([0.1, 0.5, 0.6], [0, 1000, 2880]),
        "spcl-both-seed1": ([0.1, 0.4, 0.8], [0, 3000, 4320]),
    }
    return made, {cell.id: a_result(cell.config, *scores[cell.id]) for cell in made.cells}


def test_the_last_epoch_is_the_result_and_the_best_one_is_labelled():
    made, results = two_seeds()
    baseline, both = rows_of(made, results)
    assert baseline.figures["mAP"] == Figure((30.0, 50.0), 40.0, pytest.approx(200**0.5))
    assert best_of(results["spcl-baseline-seed0"]) == 40.0
    assert baseline.best is not None
    assert baseline.best.values == (40.0, 50.0)
    assert both.figures["answers"].mean == 3600
    assert both.figures["hours"].mean == pytest.approx(2.5)
    assert both.figures["minutes"].mean == 1.0


def test_the_table_puts_the_published_row_beside_ours():
    made, results = two_seeds()
    table = to_markdown(made, rows_of(made, results), ())
    row = next(line for line in table.splitlines() if line.startswith("| both"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:7] == ["0 1", "70.0 ± 14.1", "78.2", "70.0 ± 14.1", "91.8"]
    assert (cells[8], cells[10]) == ("96.8", "97.9")
    assert cells[11:17] == ["3,600 ± 1,018", "62,748", "2.50 ± 0.71", "36.000 ± 10.182", "0.075", "0.700 ± 0.141"]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {20}
    assert "picked on the test set" in table
    assert "not comparable" not in table
    assert "not comparable" in to_markdown(made, rows_of(made, results), None)
    assert "differ from the published ones**: query: 1" in to_markdown(made, (), ("query: 1",))
    assert "4 of 4 cells have no result yet" in to_markdown(made, (), ())


def test_rows_of_others_stand_below_with_all_that_was_printed_of_them():
    made = make_plan(benchmark("market1501-table1"), Choice((0,), ("baseline",)))
    line = next(line for line in to_markdown(made, (), ()).splitlines() if line.startswith("| DRAL"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert [cells[i] for i in (4, 6, 8, 10, 12, 15)] == ["66.3", "84.2", "94.3", "96.6", "125,495", "0.150"]


def test_one_seed_has_no_deviation_and_a_missing_figure_is_a_dash():
    made, results = two_seeds()
    one = {name: result for name, result in results.items() if name.endswith("seed0")}
    for result in one.values():
        result["final"]["rank5"] = None
    row = rows_of(made, one)[1]
    assert row.figures["mAP"] == Figure((60.0,), 60.0, None)
    assert row.figures["rank5"] is None
    assert "| 60.0 | 78.2 |" in to_markdown(made, (row,), ())


def test_a_supervised_row_claims_no_cost():
    made = make_plan(GENERATED, Choice((0,), ("supervised",)))
    row = rows_of(made, {made.cells[0].id: a_result(made.cells[0].config, [0.5], [0])})[0]
    assert (row.figures["answers"], row.figures["hours"], row.figures["cost"]) == (None, None, None)
    assert row.figures["mAP"] == Figure((50.0,), 50.0, None)


def test_the_result_is_json_without_surprises():
    made, results = two_seeds()
    data = json.loads(json.dumps(to_json(made, rows_of(made, results), ("cameras",)), allow_nan=False))
    assert data["data_as_published"] is False
    assert data["rows"][1]["published"]["mAP"] == 78.2


def test_the_gain_is_over_the_baseline_of_the_same_seed_and_epoch():
    made, results = two_seeds()
    points = {(p.variant, p.epoch): p for p in points_of(made, results)}
    last = points["both", 2]
    assert (last.answers, last.mAP) == (3600, 70.0)
    assert last.gain == pytest.approx(30.0)  # (60 - 30 + 80 - 50) / 2
    assert last.gain_deviation == pytest.approx(0.0, abs=1e-9)
    assert points["both", 1].gain == pytest.approx(15.0)
    assert points["baseline", 1].gain == 0.0
    without = {name: result for name, result in results.items() if "baseline" not in name}
    assert {p.gain for p in points_of(made, without)} == {None}


def test_only_epochs_that_every_seed_evaluated_are_points():
    made, results = two_seeds()
    results["spcl-both-seed1"]["rounds"][1]["mAP"] = None
    assert [p.epoch for p in points_of(made, results) if p.variant == "both"] == [0, 2]


def test_curves_are_drawn_as_svg_and_png_the_same_every_time(tmp_path):
    pytest.importorskip("matplotlib")
    made, results = two_seeds()
    points = points_of(made, results)
    draw(points, "A title", tmp_path / "a")
    svg, png = (tmp_path / "a" / name for name in ("curves.svg", "curves.png"))
    assert png.read_bytes().startswith(b"\x89PNG")
    text = svg.read_text()
    assert "A title" in text
    assert "labelling cost" in text
    draw(points, "A title", tmp_path / "b")
    assert (tmp_path / "b" / "curves.svg").read_text() == text
    assert to_csv(points).count("\n") == 1 + len(points)


# -- the workplace ---------------------------------------------------------------------------------


def test_a_folder_of_something_else_is_refused(tmp_path):
    place = Workplace(tmp_path / "out")
    place.claim({"preset": "a", "data": 1})
    place.claim({"preset": "a", "data": 1})
    with pytest.raises(RunError, match="holds a benchmark of another data: give another folder"):
        place.claim({"preset": "a", "data": 2})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    with pytest.raises(RunError, match="expected an empty folder"):
        Workplace(tmp_path / "full").claim({})


def test_a_result_of_other_settings_is_refused_but_a_controls_budget_is_its_own(tmp_path):
    place = Workplace(tmp_path)
    both, control = plan(("both", "random")).cells
    place.finish(both, a_result(both.config, [0.5], [7]))
    place.finish(control, a_result(control.with_budget(7), [0.5], [7]))
    assert place.finished(control)["final"]["answers"] == 7
    other = plan(("both",), eps=0.4).cells[0]
    with pytest.raises(RunError, match="was made with another eps"):
        place.finished(other)


def test_two_processes_do_not_run_one_cell(tmp_path):
    place, cell = Workplace(tmp_path), plan(("baseline",)).cells[0]
    with place.held(cell), pytest.raises(RunError, match="another process is running it"), place.held(cell, 0.0):
        pass
    with place.held(cell):
        pass


def test_a_failing_cell_says_why_and_does_not_stop_the_others(tmp_path):
    made = plan(("baseline",), seeds=(0, 1))
    said: list[str] = []
    runner = Runner(Workplace(tmp_path), Source(lambda seed: tmp_path / f"none-{seed}", "auto", 0.0), say=said.append)
    failures = runner.run(made.cells)
    assert [failure.cell.seed for failure in failures] == [0, 1]
    assert "none-0: no such file or folder (log: " in failures[0].reason


def test_a_run_folder_of_a_version_with_fewer_settings_goes_on_and_one_of_other_settings_does_not(tmp_path):
    config = plan(("both",)).cells[0].config
    claim(tmp_path / "run", config)
    path = tmp_path / "run" / "config.json"
    path.write_text(json.dumps({k: v for k, v in config.to_dict().items() if k != "hard"}))
    claim(tmp_path / "run", config)
    with pytest.raises(RunError, match="holds a run with other settings"):
        claim(tmp_path / "run", config.replace(hard=True))
    path.write_text("not json")
    with pytest.raises(RunError, match="holds a run with other settings"):
        claim(tmp_path / "run", config)


# -- whole, through the command line ---------------------------------------------------------------


def words(data: Path, out: Path, *more: str) -> list[str]:
    settings = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    start = ["benchmark", "--preset", "generated", "--data", str(data), "--out", str(out), "--seeds", "0"]
    return [*start, "--variants", "both,random", *settings, *more]


def outcome(out: Path) -> dict[str, Any]:
    """Give everything of the results that does not measure time or memory."""
    cells = {}
    for path in sorted((out / "cells").glob("*.json")):
        result = json.loads(path.read_text())
        for report in (*result["rounds"], result["final"]):
            del report["seconds"]
        cells[path.stem] = {key: result[key] for key in ("config", "rounds", "final", "n", "stopped")}
    assert set(cells) == {"cluster-contrast-both-seed0", "cluster-contrast-random-seed0"}
    return cells


@pytest.fixture(scope="module")
def uninterrupted(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    assert main(words(small_data, out)) == 0
    return out


@pytest.mark.slow
def test_a_table_and_curves_are_written_and_the_control_asks_as_much_as_both(uninterrupted: Path):
    cells = outcome(uninterrupted)
    asked = cells["cluster-contrast-both-seed0"]["final"]["answers"]
    assert asked > 5
    assert cells["cluster-contrast-random-seed0"]["config"]["budget"] == asked
    assert cells["cluster-contrast-random-seed0"]["final"]["answers"] == asked
    for name in ("table.md", "results.json", "curves.csv", "curves.svg", "curves.png"):
        assert (uninterrupted / name).stat().st_size > 0
    assert cells["cluster-contrast-both-seed0"]["config"]["threads"] == 1


@pytest.mark.slow
def test_a_benchmark_killed_in_the_middle_of_a_cell_goes_on_and_gives_the_same(
    uninterrupted: Path, small_data: Path, tmp_path: Path
):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ucal", *words(small_data, out)]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = out / "runs" / "cluster-contrast-both-seed0" / "state.json"
    try:
        while not (state.exists() and json.loads(state.read_text())["round"] >= 1):
            assert process.poll() is None, "expected a run that lasts until it is killed"
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not list((out / "cells").glob("*.json")), "expected to be killed before the first cell ended"
    version = json.loads(state.read_text())["version"]
    assert main(words(small_data, out)) == 0
    assert json.loads(state.read_text())["version"] > version
    assert outcome(out) == outcome(uninterrupted)


@pytest.mark.slow
def test_finished_cells_are_not_run_again_and_other_settings_are_refused(
    uninterrupted: Path, small_data: Path, capsys: pytest.CaptureFixture[str]
):
    before = {path.name: path.stat().st_mtime_ns for path in (uninterrupted / "cells").iterdir()}
    assert main(words(small_data, uninterrupted)) == 0
    assert "2 of 2 cells are finished already" in capsys.readouterr().err
    assert {path.name: path.stat().st_mtime_ns for path in (uninterrupted / "cells").iterdir()} == before
    assert main(words(small_data, uninterrupted, "--set", "eps=0.5")) == 1
    assert "was made with another eps" in capsys.readouterr().err


def test_data_that_cannot_be_measured_on_are_refused(tmp_path, capsys):
    from tests.pictures import put

    start = ["benchmark", "--out", str(tmp_path / "out"), "--data", str(tmp_path / "in"), "--seeds", "0"]
    put(tmp_path / "in", "bounding_box_train/0002_c1s1_000451_03.jpg")
    assert main([*start, "--preset", "market1501-table1"]) == 1
    assert "expected query and gallery" in capsys.readouterr().err
    assert main([*start, "--preset", "msmt17-table1"]) == 1
    assert "MSMT17 layout" in capsys.readouterr().err
    assert main([*start[:3], "--preset", "market1501-table1"]) == 1
    assert "--data: expected the collection of UCAL's Table 1 on Market-1501" in capsys.readouterr().err
