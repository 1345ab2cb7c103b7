"""What those who watch a run are told: its queue, people's pace, what is to come, the cost; budgets changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend import health
from backend.run_schemas import RunHealth
from backend.store import runs
from backend.store.models import Answer, Edit, Question, Run, utc_now
from tests.backend.world import World


def look(world: World, run: Run) -> RunHealth:
    with world.scope(read_only=True) as session:
        return health.of_run(session, runs.get(session, run.id), utc_now())


def answered(world: World, run: Run, round_: int, count: int, *, seconds: float = 2.0) -> None:
    with world.scope() as session:
        for i in range(count):
            facts: dict[str, Any] = {
                "left_row": i,
                "right_row": i + 1,
                "verdict": "same",
                "question_id": f"q{round_}{i}",
            }
            session.add(
                Answer(run_id=run.id, id=f"a-{round_}-{i}", person_id="ann", round=round_, seconds=seconds, **facts)
            )


def test_the_queue_says_how_long_its_oldest_question_has_waited(both: World):
    run = both.run(both.project())
    assert look(both, run).queue.model_dump() == {"ready": 0, "leased": 0, "oldest": None}
    ids = both.ask(run, (0, 1), (2, 3), (4, 5))
    with both.scope() as session:
        session.get_one(Question, (run.id, ids[1])).opened_at = utc_now() - timedelta(minutes=10)
    both.admin().api("POST", f"/runs/{run.id}/leases", {"count": 1})
    queue = look(both, run).queue
    assert (queue.ready, queue.leased) == (2, 1)
    assert queue.oldest is not None
    assert 600 <= queue.oldest < 660


def test_what_is_to_come_is_told_from_the_rounds_before(both: World):
    run = both.run(both.project(), epochs=6)
    assert look(both, run).expected.model_dump() == {
        "low": 0, "expected": None, "high": None, "rounds": 6, "basis": 0, "seconds": None,
    }  # fmt: skip
    answered(both, run, 0, 4)
    answered(both, run, 1, 8)
    with both.scope() as session:
        session.get_one(Run, run.id).round = 2
    both.ask(run, (0, 5), round_=2)
    expected = look(both, run).expected
    assert (expected.low, expected.expected, expected.high) == (1 + 3 * 4, 1 + 3 * 6, 1 + 3 * 8)
    assert (expected.rounds, expected.basis, expected.seconds) == (4, 2, 19 * 2.0)


def test_a_budget_and_a_wish_to_stop_shorten_what_is_to_come(both: World):
    run = both.run(both.project(), epochs=6, budget=20)
    answered(both, run, 0, 4)
    with both.scope() as session:
        session.get_one(Run, run.id).round = 1
    assert look(both, run).expected.high == 4 * 4  # four more rounds as before, and the present one has not asked
    admin = both.admin()
    path = f"/runs/{run.id}"
    assert admin.api("PATCH", path + "/budget", {"budget": 10}).json()["config"]["budget"] == 10
    assert look(both, run).expected.high == 6
    assert admin.api("PATCH", path, {"action": "stop"}).json()["stopping"]
    assert look(both, run).expected.rounds == 1
    assert not admin.api("PATCH", path, {"action": "go_on"}).json()["stopping"]
    assert admin.api("PATCH", path, {"action": "go_on"}).status_code == 409


def test_a_changed_budget_is_noted_with_who_changed_it(both: World):
    run = both.run(both.project(), budget=20)
    admin, path = both.admin(), f"/runs/{run.id}/budget"
    admin.api("PATCH", path, {"budget": None, "budget_per_round": 5})
    found = admin.api("PATCH", path, {"budget_per_round": 5}).json()  # no change
    noted = [(c["setting"], c["before"], c["after"], c["round"]) for c in found["changes"]]
    assert noted == [("budget", 20, None, 0), ("budget_per_round", None, 5, 0)]
    assert found["changes"][0]["person"].startswith("admin-")
    assert admin.api("PATCH", path, {"budget": -1}).status_code == 422
    assert both.annotator().api("PATCH", path, {"budget": 1}).status_code == 403
    admin.api("PATCH", f"/runs/{run.id}", {"action": "cancel"})
    assert admin.api("PATCH", path, {"budget": 1}).json()["error"] == "StateError"


def test_the_cost_counts_answers_and_edits_and_the_time_that_was_taken(both: World):
    run = both.run(both.project(12))
    answered(both, run, 0, 3, seconds=5.0)
    with both.scope() as session:
        facts: dict[str, Any] = {"run_id": run.id, "person_id": "ann", "round": 0}
        session.add(Edit(id="edit-0001", kind="split", groups=[[1, 2], [3, 4, 5]], **facts))
        session.add(Edit(id="edit-0002", kind="lock", groups=[[6, 7]], **facts))
        session.add(Edit(id="undo:edit-0002", kind="lock", groups=[[6, 7]], retracts="edit-0002", **facts))
    found = look(both, run)
    assert (found.cost.judged, found.cost.actions, found.cost.edits) == (3 + 2, 3 + 3, 1)
    assert found.cost.seconds == 15.0
    assert found.cost.percent == 100 * 5 / 66
    assert (found.pace.last_hour, found.pace.people, found.pace.median_seconds) == (3, 1, 5.0)
    shown = both.admin().api("GET", f"/runs/{run.id}").json()
    assert (shown["answered"], shown["judged"], shown["actions"]) == (3, 3 + 2, 3 + 3)
