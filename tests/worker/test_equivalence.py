"""One config, one seed, three ways: `ucal simulate`, SQLite with the embedded worker, PostgreSQL with Celery."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_run import CONFIG, deployed, embedded, simulated
from tests.stack import Client

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.parametrize("policy", ["ucal", "efficient"])]


def run(client: Client, policy: str) -> str:
    project = client.project("small", "folder", {"path": "sets/small"})
    run_id = client.start_run(project["id"], CONFIG | {"policy": policy})
    client.wait_for_run(run_id)
    return run_id


def test_the_embedded_worker_gives_the_clusters_and_answers_of_simulate(tmp_path: Path, small_data: Path, policy: str):
    expected = simulated(small_data, policy)
    with embedded(tmp_path, small_data) as (_, client):
        run_id = run(client, policy)
        assert client.hashes(run_id) == expected.hashes
        assert client.answer_ids(run_id) == expected.answer_ids


def test_postgres_redis_and_celery_give_the_clusters_and_answers_of_simulate(
    tmp_path: Path, small_data: Path, postgres_url: str, redis_url: str, policy: str
):
    expected = simulated(small_data, policy)
    with deployed(tmp_path, small_data, postgres_url, redis_url) as (_, client):
        run_id = run(client, policy)
        assert client.hashes(run_id) == expected.hashes
        assert client.answer_ids(run_id) == expected.answer_ids
