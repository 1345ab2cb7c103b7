"""The random audit: its bound holds as often as it promises, and its trials are what they say."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from ucal.__main__ import main
from ucal.audit import (
    Finding,
    Seeker,
    assess,
    audited,
    confidence_of,
    draw,
    mates_to_show,
    search,
    true_shares,
)
from ucal.errors import AnswerError


def spoilt(rng: np.random.Generator, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Give identities of 400 rows, and clusters in which this share of the rows stands somewhere else."""
    identities = rng.integers(0, 60, 400)
    labels = identities.copy()
    moved = rng.random(400) < share
    labels[moved] = rng.integers(-1, 60, int(moved.sum()))
    return identities, labels


def features_of(identities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    rows = rng.normal(size=(60, 16))[identities] + 0.7 * rng.normal(size=(len(identities), 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_true_shares_of_a_hand_example():
    identities = np.array([0, 0, 0, 1, 1, 2])
    labels = np.array([0, 0, 1, 1, -1, -1])
    # claimed: rows 0 1 right, 2 3 wrong; true: 0 1 miss one of two, 2 misses both, 3 4 miss their only one
    assert true_shares(labels, identities) == pytest.approx((0.5, (0.5 + 0.5 + 1 + 1 + 1) / 5))
    assert true_shares(np.full(6, -1), np.arange(6)) == (0.0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_the_bound_holds_at_least_as_often_as_it_promises(share):
    """200 audits of 60 images; more misses than the promise has with probability 1e-3 would be a false promise."""
    held = 0
    for seed in range(200):
        rng = np.random.default_rng([seed, int(100 * share)])
        identities, labels = spoilt(rng, share)
        found = audited(labels, Seeker(identities, features_of(identities, rng), pages=None), 60, seed)
        wrong, missed = true_shares(labels, identities)
        held += wrong <= found.wrong.upper and missed <= found.missed.upper
    assert held >= stats.binom.ppf(1e-3, 200, confidence_of(1))


def test_the_bound_is_of_use_and_says_what_it_cost():
    rng = np.random.default_rng(0)
    identities, _ = spoilt(rng, 0.0)
    found = audited(identities, Seeker(identities, features_of(identities, rng)), 100, 0)
    assert found.wrong.count == found.missed.count == 0
    assert found.wrong.upper == pytest.approx(1 - 0.0125 ** (1 / found.wrong.n))
    assert found.passes(0.05)
    assert not found.passes(0.02)
    assert found.actions == 300  # a page of mates and two of the search for each image
    assert found.seconds == 1200.0


def test_a_search_that_ends_too_early_misses_links_and_a_longer_one_does_not():
    identities, labels = np.zeros(60, np.int64), np.arange(60)
    identities[30:] = np.arange(30) + 1
    angle = np.linspace(0.0, 3.0, 60)
    features = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    short, whole = (Seeker(identities, features, pages)(0, labels, 0).elsewhere for pages in (1, None))
    assert whole == tuple(range(1, 30))
    assert short == tuple(range(1, 25))


def test_images_are_drawn_uniformly_and_bad_ones_never():
    counts = np.zeros(10)
    for seed in range(2000):
        counts[draw(10, 3, seed, bad_rows=(4,))] += 1
    assert counts[4] == 0
    assert stats.chisquare(np.delete(counts, 4)).pvalue > 1e-4
    assert draw(5, 99, 0).tolist() == [0, 1, 2, 3, 4]
    assert draw(100, 9, 0, attempt=1).tolist() != draw(100, 9, 0, attempt=2).tolist()


def test_a_search_shows_one_row_of_each_other_cluster_best_first():
    angle = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    features = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    labels = np.array([0, 0, 1, 1, -1, -1])
    assert search(0, labels, features, 9).tolist() == [2, 4, 5]
    assert search(4, labels, features, 1).tolist() == [3]
    assert search(4, labels, features, 9).tolist() == [3, 5, 1]


def test_large_clusters_are_looked_at_by_a_sample():
    labels = np.zeros(100, np.int64)
    shown = mates_to_show(3, labels, 0)
    assert len(shown) == 24
    assert 3 not in shown
    assert mates_to_show(3, np.arange(100), 0).tolist() == []


def test_the_risk_of_all_audits_together_is_one_in_twenty():
    assert sum(1 - confidence_of(k) for k in range(1, 40)) == pytest.approx(0.05)
    with pytest.raises(AnswerError, match="expected 1 or more, got 0"):
        confidence_of(0)


@pytest.mark.parametrize(
    ("finding", "message"),
    [
        (Finding(9, (), (), ()), "expected rows in 0..3"),
        (Finding(0, (2,), (), ()), "expected cluster-mates"),
        (Finding(0, (1,), (2,), ()), "wrong mates among those shown"),
        (Finding(0, (1,), (), (1,)), "rows outside its cluster"),
    ],
)
def test_a_finding_of_other_clusters_is_refused(finding, message):
    with pytest.raises(AnswerError, match=message):
        assess(np.array([0, 0, 1, 1]), [finding], 0)


# -- the command -----------------------------------------------------------------------------------


def clusters_file(path, labels) -> None:
    lines = [f"a/{i}.png,{'' if label < 0 else label}," for i, label in enumerate(labels)]
    path.write_text("\n".join(["path,identity,camera", *lines]) + "\n")


def test_the_command_audits_a_runs_clusters(tmp_path, capsys):
    rng = np.random.default_rng(0)
    identities, labels = spoilt(rng, 0.3)
    names = np.array([f"a/{i}.png" for i in range(400)])
    np.savez(tmp_path / "f.npz", feats=features_of(identities, rng), ids=identities, filenames=names)
    words = ["audit", "--features", str(tmp_path / "f.npz"), "--clusters", str(tmp_path / "c.csv")]
    clusters_file(tmp_path / "c.csv", identities)
    assert main([*words, "--allowed", "0.05", "--json", str(tmp_path / "a.json")]) == 0
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["true_wrong"], found["wrong"]["count"], found["images"]) == (0.0, 0, 100)
    assert "at most 4." in capsys.readouterr().out
    clusters_file(tmp_path / "c.csv", labels)
    assert main([*words, "--allowed", "0.05"]) == 1
    clusters_file(tmp_path / "c.csv", labels[:-1])
    assert main(words) == 1
    assert "expected the 400 images of the features, got 399 lines" in capsys.readouterr().err
    (tmp_path / "c.csv").write_text("file,id\n")
    assert main(words) == 1
    assert "expected the columns path and identity" in capsys.readouterr().err
