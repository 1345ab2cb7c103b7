"""The preset `effort`: what it plans, its table and curves, and a whole small run through the command line."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.fakes import blobs
from ucal.__main__ import main
from ucal.benchmark.effort import curves_of, draw, fewest_pairs, ratios, to_csv, to_json, to_markdown
from ucal.benchmark.plan import Choice, make_plan
from ucal.benchmark.presets import benchmark

EFFORT = benchmark("effort")


def a_result(*points: tuple[int, float]) -> dict[str, Any]:
    """Give a result of these (actions, F1), twice as many answers as actions."""
    rounds = [
        {
            "answers": 2 * actions,
            "actions": actions,
            "human_seconds": 3.0 * actions,
            "human_seconds_strict": 4.0 * actions,
            "pairwise": {"f1": f1},
            "ari": f1,
            "mAP": None,
        }
        for actions, f1 in points
    ]
    return {"rounds": rounds}


def three():
    made = make_plan(EFFORT, Choice((0,), ("none", "similar", "ucal-pair", "efficient")))
    results = {
        "cluster-contrast-none-seed0": a_result((0, 0.3)),
        "cluster-contrast-similar-seed0": a_result((100, 0.5), (900, 0.85)),
        "cluster-contrast-ucal-pair-seed0": a_result((50, 0.4), (200, 0.6)),
        "cluster-contrast-efficient-seed0": a_result((20, 0.5), (100, 0.82), (150, 1.0)),
    }
    return made, curves_of(made, results)


def test_the_plan_asks_frozen_features_and_gives_the_controls_as_many_answers():
    cells = {cell.variant.name: cell for cell in make_plan(EFFORT, Choice((0,))).cells}
    assert list(cells) == ["none", "random", "similar", "spal", "ucal-pair", "ucal-closure", "ucal-cut", "efficient"]
    assert all(not cell.config.train and cell.config.query_from == 0 for cell in cells.values())
    assert cells["random"].waits_for == cells["similar"].waits_for == cells["efficient"].id
    assert (cells["ucal-pair"].config.memory, cells["ucal-closure"].config.memory) == ("pair", "closure")
    assert cells["ucal-cut"].config.first_cut == "calibrated"
    left_out = make_plan(EFFORT, Choice((0,), ("without-metric",))).cells[0]
    assert left_out.config.without == "metric"


def test_the_table_says_what_each_policy_costs_and_how_they_compare():
    made, curves = three()
    page = to_markdown(made, curves, 150)
    assert "| efficient | 100 / 300 s | 150 / 450 s | 150 / 450 s | 150 / 450 s | 150 | 1.000 | 1.000 |" in page
    assert "| similar | 900 / 2,700 s | - | - | - | 900 | 0.850 | 0.850 |" in page
    assert "n - K = 150" in page
    assert "efficient: F1 0.80 400 s, F1 0.90 600 s" in page
    assert ratios(curves, 150) == [
        "seed 0: at 200 actions: ucal-pair F1 0.600, efficient 1.000; "
        "for that F1 efficient needs 100 actions, 2.0 times fewer",
        "seed 0: F1 0.80 with 9.00 times fewer actions than similar pairs with closure",
        "seed 0: F1 0.99 with 1.00 times fewer actions than n - K",
    ]
    rows = to_json(made, curves, 150)["rows"]
    assert [row["variant"] for row in rows] == ["none", "similar", "ucal-pair", "efficient"]
    assert rows[3]["to_f1"]["0.80"]["actions"] == 100
    assert rows[2]["to_f1"]["0.80"] is None


def test_curves_hold_every_round_and_are_drawn_alike_every_time(tmp_path):
    _, curves = three()
    lines = to_csv(curves).splitlines()
    assert lines[0].startswith("variant,seed,round,answers,actions,seconds,seconds_strict,f1,ari")
    assert "efficient,0,1,200,100,300,400,0.82,0.82," in lines
    pytest.importorskip("matplotlib")
    svg, png = draw(curves, "t", tmp_path)
    first = svg.read_bytes()
    assert png.stat().st_size > 0
    draw(curves, "t", tmp_path)
    assert svg.read_bytes() == first


def test_n_less_k():
    assert fewest_pairs([3, 3, 3, 5, 5, 7]) == 3


def test_images_are_refused_where_features_are_needed(tmp_path, capsys):
    from tests.pictures import put

    put(tmp_path / "in", "bounding_box_train/0002_c1s1_000451_03.jpg")
    words = ["benchmark", "--preset", "effort", "--data", str(tmp_path / "in"), "--format", "market1501"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 1
    assert "expected features (.npz, made by `ucal embed`)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_whole_table_of_given_features(tmp_path):
    rows, truth = blobs()
    np.savez(tmp_path / "f.npz", feats=rows, ids=truth)
    words = ["benchmark", "--preset", "effort", "--data", str(tmp_path / "f.npz"), "--seeds", "0"]
    words += ["--variants", "random,efficient", "--out", str(tmp_path / "out"), "--set", "error=0.01"]
    assert main(words) == 0
    table = json.loads((tmp_path / "out" / "results.json").read_text())
    ends = {row["variant"]: row["end"] for row in table["rows"]}
    assert table["n_less_k"] == 56
    assert ends["efficient"]["f1"] > ends["random"]["f1"]
    assert ends["random"]["answers"] == ends["efficient"]["answers"]
    for name in ("table.md", "curves.csv", "curves.svg", "curves.png"):
        assert (tmp_path / "out" / name).stat().st_size > 0
