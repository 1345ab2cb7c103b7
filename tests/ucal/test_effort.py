"""Effort: reading curves out of results."""

from __future__ import annotations

from ucal.effort import Point, at_actions, best, compare, curve_of, reaching, table

OURS = [
    Point(20, 10, 30.0, 40.0, 0.5, 0.4),
    Point(60, 30, 90.0, 99.0, 0.85, 0.8),
    Point(90, 50, 150.0, 170.0, 1.0, 1.0),
]
THEIRS = [
    Point(40, 40, 100.0, 100.0, 0.6, 0.5),
    Point(80, 80, 200.0, 200.0, 0.8, 0.7),
    Point(99, 99, 247.5, 247.5, 0.7, 0.6),
]


def test_a_result_gives_its_curve():
    round_ = {
        "answers": 2,
        "actions": 1,
        "human_seconds": 4.0,
        "human_seconds_strict": 3.0,
        "pairwise": {"f1": 0.5, "precision": 1.0, "recall": 0.3},
        "ari": 0.4,
        "mAP": None,
    }
    assert curve_of({"rounds": [round_]}) == [Point(2, 1, 4.0, 3.0, 0.5, 0.4)]


def test_where_a_quality_is_reached_and_what_actions_buy():
    assert reaching(OURS, 0.8) == OURS[1]
    assert reaching(THEIRS, 0.9) is None
    assert at_actions(OURS, 49) == OURS[1]
    assert at_actions(OURS, 5) is None
    assert best(THEIRS) == THEIRS[1]


def test_a_policy_beside_the_papers():
    assert compare({"ucal-pair": THEIRS, "efficient": OURS}) == {
        "paper_actions": 80,
        "paper_f1": 0.8,
        "own_f1": 1.0,
        "own_actions": 30,
        "ratio": 80 / 30,
    }


def test_the_table_has_means_and_says_what_is_never_reached():
    lines = table({"efficient": [OURS, OURS], "ucal-pair": [THEIRS]}).splitlines()
    assert lines[2] == "| efficient | 30 / 90 s | 50 / 150 s | 50 / 150 s | 50 / 150 s | 50 | 1.000 | 1.000 |"
    assert lines[3] == "| ucal-pair | 80 / 200 s | - | - | - | 99 | 0.700 | 0.600 |"
