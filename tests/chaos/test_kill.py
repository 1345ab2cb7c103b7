"""Workers and brokers killed in the middle of a run: the same clusters, and no answer lost."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from backend.store import runs
from backend.store.models import Job, Run
from backend.store.session import SessionFactory, make_engine, make_factory, session_scope
from tests import services
from tests.conftest import absent
from tests.services import free_port, wait_for
from tests.small_run import CONFIG, WORKERS, deployed, embedded, simulated
from tests.stack import Client, Stack

pytestmark = [pytest.mark.slow, pytest.mark.services]


@contextmanager
def store_of(made: Stack) -> Iterator[SessionFactory]:
    """Look into the store past the API."""
    url = made.env.get("UCAL_DATABASE_URL") or f"sqlite:///{made.env['UCAL_DATA_DIR']}/ucal.sqlite3"
    engine = make_engine(url)
    try:
        yield make_factory(engine)
    finally:
        engine.dispose()


def kill_in_the_middle_of(state: str, made: Stack, sessions: SessionFactory, way: str) -> None:
    """Kill the worker while it does this step, and start another.

    The worker is held first: whether a step was hit does not depend on how fast the machine is.
    """

    def in_the_middle() -> bool:
        with session_scope(sessions, read_only=True) as session:
            job, run = session.query(Job).filter_by(kind="advance_run").one(), session.query(Run).one()
            assert run.state not in runs.OVER, f"expected a {state} step to kill, the run is {run.state}"
            return (job.state, run.state, run.lease_owner is not None) == ("running", state, True)

    def held() -> bool:
        if not in_the_middle():
            return False
        made.signal("worker", signal.SIGSTOP)
        if in_the_middle():
            return True
        made.signal("worker", signal.SIGCONT)
        return False

    wait_for(held, 60, f"a worker that is {state}", every=0.005)
    made.kill("worker")
    made.start("worker", WORKERS[way])


@pytest.mark.parametrize("way", ["embedded", "deployed"])
def test_a_worker_killed_in_the_middle_of_three_steps_changes_no_cluster_and_loses_no_answer(
    way: str, tmp_path: Path, small_data: Path, request: pytest.FixtureRequest
):
    expected = simulated(small_data)
    with ExitStack() as stack:
        made, client = stack.enter_context(start(way, tmp_path, small_data, request))
        sessions = stack.enter_context(store_of(made))
        project = client.project("small", "folder", {"path": "sets/small"})
        run_id = client.start_run(project["id"], CONFIG)
        for state in ("training", "evaluating", "embedding"):
            kill_in_the_middle_of(state, made, sessions, way)
        run = client.wait_for_run(run_id)
        assert run["error"] is None
        assert client.hashes(run_id) == expected.hashes
        assert client.answer_ids(run_id) == expected.answer_ids


@contextmanager
def start(way: str, folder: Path, data: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Stack, Client]]:
    if way == "embedded":
        with embedded(folder, data) as both:
            yield both
    else:
        urls = request.getfixturevalue("postgres_url"), request.getfixturevalue("redis_url")
        with deployed(folder, data, *urls) as both:
            yield both


def answer_one(client: Client, run_id: str) -> str | None:
    """Answer the next question as different; give the answer's id, None where nothing is open."""
    leases = client.call("POST", f"/runs/{run_id}/leases", {"count": 1})["leases"]
    if not leases:
        return None
    body = {
        "id": f"test-{secrets.token_hex(8)}",
        "question_id": leases[0]["question"]["id"],
        "verdict": "different",
        "fence": leases[0]["fence"],
    }
    return client.call("POST", f"/runs/{run_id}/answers", body)["answer"]["id"]


def test_people_go_on_answering_while_the_worker_is_dead_and_the_run_goes_on_with_all_of_it(
    tmp_path: Path, small_data: Path
):
    people = CONFIG | {"annotator": "people", "budget_per_round": 4, "epochs": 3, "iterations": 2}
    with embedded(tmp_path, small_data) as (made, client):
        project = client.project("small", "folder", {"path": "sets/small"})
        run_id = client.start_run(project["id"], people)
        wait_for(lambda: client.call("GET", f"/runs/{run_id}")["open"] > 0, 60, "questions")
        made.kill("worker")
        given = [answer_one(client, run_id) for _ in range(client.call("GET", f"/runs/{run_id}")["open"])]
        assert None not in given
        assert len(given) > 0
        made.start("worker", WORKERS["embedded"])
        wait_for(lambda: client.call("GET", f"/runs/{run_id}")["round"] > 1, 60, "the next round")
        kept = client.call("GET", f"/runs/{run_id}/answers?limit=100")
        assert sorted(answer["id"] for answer in kept) == sorted(filter(None, given))


def test_a_run_outlives_its_broker(tmp_path: Path, small_data: Path, postgres_url: str):
    expected = simulated(small_data)
    port = free_port()
    try:
        with ExitStack() as broker:
            url = broker.enter_context(services.private_redis(tmp_path, port))
            with deployed(tmp_path, small_data, postgres_url, url) as (_, client):
                project = client.project("small", "folder", {"path": "sets/small"})
                run_id = client.start_run(project["id"], CONFIG)
                wait_for(lambda: client.call("GET", f"/runs/{run_id}")["round"] > 0, 60, "the first round")
                broker.close()  # Redis is gone, and all messages with it
                assert client.call("GET", f"/runs/{run_id}")["error"] is None
                broker.enter_context(services.private_redis(tmp_path, port))
                client.wait_for_run(run_id)
                assert client.hashes(run_id) == expected.hashes
    except services.ServiceMissingError as error:
        absent(str(error))
