"""Features that stay on disk, and what is said before a long job starts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.strategies import make_features
from ucal.__main__ import main
from ucal.datasets.mapped import mapped_features
from ucal.errors import DataNotFoundError, FeaturesError
from ucal.estimate import GROWTH, estimate
from ucal.neighbours import ENGINES


def test_mapped_rows_are_the_files_and_are_not_copied(tmp_path) -> None:
    rows = make_features("separable", 500, 16, seed=0)
    np.save(tmp_path / "f.npy", rows)
    mapped = mapped_features(tmp_path / "f.npy")
    np.testing.assert_array_equal(mapped, rows)
    assert isinstance(mapped.base, np.memmap)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 2), np.float32), "rows of length 1, row 0 has length 0"),
        (np.full((3, 2), np.nan, np.float32), "rows of length 1, row 0 has length nan"),
        (np.ones((3, 1)), r"float32 \(n, d\), row after row, got float64"),
        (np.ones(3, np.float32), r"got float32 \(3,\)"),
    ],
)
def test_other_arrays_are_refused_in_words(tmp_path, array, words) -> None:
    np.save(tmp_path / "f.npy", array)
    with pytest.raises(FeaturesError, match=words):
        mapped_features(tmp_path / "f.npy")


def test_a_missing_file_and_one_that_is_no_array_are_refused(tmp_path) -> None:
    with pytest.raises(DataNotFoundError, match="no such file"):
        mapped_features(tmp_path / "f.npy")
    (tmp_path / "f.npy").write_text("words")
    with pytest.raises(FeaturesError, match="does not open as one"):
        mapped_features(tmp_path / "f.npy")


def test_every_engine_has_a_power_and_the_estimate_scales_by_it() -> None:
    assert set(GROWTH) == set(ENGINES)
    rows = make_features("separable", 400, 8, seed=0)
    ticks = iter([0.0, 1.0, 1.5, 2.0, 5.0, 6.0])  # the pilot takes 3 s to search and 1 s for the distance
    guess = estimate(rows, rows=100, clock=lambda: next(ticks))
    assert (guess.neighbours, guess.distance, guess.pilot) == (3.0 * 16, 4.0, 100)
    assert guess.seconds == 52.0


def test_a_long_job_is_announced_and_clusters_as_the_same_features_in_an_npz_do(tmp_path, monkeypatch, capsys) -> None:
    from ucal.commands import cluster

    monkeypatch.setattr(cluster, "_LONG", 100)
    rows = make_features("separable", 300, 16, seed=0)
    np.save(tmp_path / "f.npy", rows)
    np.savez(tmp_path / "f.npz", feats=rows)
    labels = []
    for name in ("f.npy", "f.npz"):
        words = ["--features", tmp_path / name, "--labels", tmp_path / "l.npy", "--json", tmp_path / "c.json"]
        assert main(["cluster", *map(str, words), "--device", "cpu", "--threads", "1"]) == 0
        labels.append(np.load(tmp_path / "l.npy"))
        assert "from a pilot of 300 rows" in capsys.readouterr().err
        assert json.loads((tmp_path / "c.json").read_text())["estimated_seconds"] >= 0
    np.testing.assert_array_equal(*labels)
