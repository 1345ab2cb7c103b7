"""What a run's owner can read in the worker's log of how its neighbours were found."""

from __future__ import annotations

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.strategies import make_features
from ucal.clustering import make_clusterer
from ucal.config import RunConfig
from worker.sink import StoreSink


def no_sessions() -> None:
    raise AssertionError("nothing is written to the database")


def logged(config: RunConfig, *rounds: np.ndarray) -> list[dict[str, object]]:
    """Cluster each round's rows and give the log's lines."""
    sink = StoreSink(no_sessions, "r1", iterations=1)  # type: ignore[arg-type]
    cluster = make_clusterer(config, sink=sink)
    with capture_logs() as lines:
        for rows in rounds:
            cluster(rows, None)
    return list(lines)


def test_the_log_says_what_share_of_the_lists_was_reused() -> None:
    rows = make_features("separable", 400, 16, seed=1)
    moved = rows.copy()
    moved[3] = -moved[3]
    lines = logged(RunConfig(k1=8), rows, rows, moved)
    assert [line["event"] for line in lines] == ["run_reused", "run_reused"]
    assert all(line["run"] == "r1" for line in lines)
    assert lines[0]["share"] == 1.0
    assert 0.9 < lines[1]["share"] < 1.0  # type: ignore[operator]


def test_the_log_says_what_an_approximate_search_missed_and_warns() -> None:
    pytest.importorskip("faiss", reason="faiss is not installed")
    rows = make_features("noise", 1500, 32, seed=1)
    said, warning = logged(RunConfig(neighbours="faiss-ivf", k1=8, search_probes=1, search_candidates=8), rows)
    assert (said["event"], said["log_level"], said["engine"]) == ("run_neighbours", "info", "faiss-ivf")
    assert (warning["event"], warning["log_level"]) == ("run_warning", "warning")
    assert f"missed {100 * said['missed']:.2f} %" in str(warning["text"])  # type: ignore[operator]
