"""Approximate engines: what they find, what they say of it, and that their proofs hold."""

from __future__ import annotations

import numpy as np
import pytest

from tests.strategies import KINDS, make_features
from ucal.candidates import settle
from ucal.events import Event
from ucal.neighbours import Effort, nearest_ids
from ucal.screened_search import projected, screened_search
from ucal.seams import never
from ucal.types import FloatArray

APPROXIMATE = ("screened", "faiss-ivf", "faiss-hnsw")


def people(n: int = 1200, d: int = 64) -> FloatArray:
    return make_features("separable", n, d, seed=7)


def searched(rows: FloatArray, engine: str, effort: Effort) -> tuple[np.ndarray, dict[str, object]]:
    """Give the lists and what the engine says of them, with the text of its warning where it gives one."""
    if engine.startswith("faiss"):
        pytest.importorskip("faiss", reason="faiss is not installed")
    events: list[Event] = []
    ids = nearest_ids(rows, 10, engine=engine, effort=effort, sink=events.append)  # type: ignore[arg-type]
    (said,) = [event.values for event in events if event.name == "neighbours"]
    warnings = [event.values["text"] for event in events if event.name == "warning"]
    return ids, said | ({"warning": warnings[0]} if warnings else {})


@pytest.mark.parametrize("engine", APPROXIMATE)
def test_with_enough_effort_each_engine_gives_the_exact_lists_and_says_so(engine: str) -> None:
    rows = people()
    ids, said = searched(rows, engine, Effort(candidates=400, length=64, probes=1000, links=1000))
    np.testing.assert_array_equal(ids, nearest_ids(rows, 10))
    assert (said["engine"], said["checked"], said["differing"], said["missed"]) == (engine, 256, 0.0, 0.0)
    assert "warning" not in said


@pytest.mark.parametrize(("engine", "advice"), [("screened", "search_length"), ("faiss-ivf", "search_probes")])
def test_with_too_little_effort_the_sampled_check_sees_what_is_missed_and_warns(engine: str, advice: str) -> None:
    rows = make_features("noise", 1200, 64, seed=3)
    ids, said = searched(rows, engine, Effort(candidates=12, length=2, probes=1, checked=1200))
    differs = (ids != nearest_ids(rows, 10)).any(axis=1)
    assert 0.0 < said["differing"] == differs.mean()  # type: ignore[operator]
    assert 0.01 < said["missed"] <= 1.0  # type: ignore[operator]
    missed, differing = f"{100 * said['missed']:.2f} %", f"{100 * said['differing']:.1f} %"  # type: ignore[operator]
    assert f"{engine} missed {missed} of the neighbours of 1200 rows" in str(said["warning"])
    assert f"{differing} of their lists differ" in str(said["warning"])
    assert f"raise {advice}" in str(said["warning"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [3, 8, 16])
def test_a_list_that_is_called_proven_is_exact(kind: str, length: int) -> None:
    rows = make_features(kind, 300, 16, seed=5)
    (found,) = screened_search(rows, length, 128)(40, never, never)
    ids, unproven = settle(rows, found, 10)
    np.testing.assert_array_equal(ids[~unproven], nearest_ids(rows, 10)[~unproven])
    if length == 16 and kind == "separable":
        assert unproven.mean() < 0.05  # nothing is lost by projecting 16 numbers to 16


def test_projections_to_the_full_length_keep_every_similarity() -> None:
    rows = people(200, 24)
    short = projected(rows, 24)
    np.testing.assert_allclose(short @ short.T, rows @ rows.T, atol=1e-5)


def test_without_a_check_nothing_is_claimed_of_differences() -> None:
    _, said = searched(people(200), "screened", Effort(checked=0))
    assert said["checked"] == 0
    assert "differing" not in said
