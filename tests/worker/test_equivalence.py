"""One config, one seed, three ways: `ucal simulate`, SQLite with the embedded worker, PostgreSQL with Celery."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_run import CONFIG, deployed, embedded, simulated

pytestmark = [pytest.mark.slow, pytest.mark.services]


def test_the_embedded_worker_gives_the_clusters_and_answers_of_simulate(tmp_path: Path, small_data: Path):
    expected = simulated(small_data)
    with embedded(tmp_path, small_data) as (_, client):
        project = client.project("small", "folder", {"path": "sets/small"})
        run_id = client.start_run(project["id"], CONFIG)
        client.wait_for_run(run_id)
        assert client.hashes(run_id) == expected.hashes
        assert client.answer_ids(run_id) == expected.answer_ids


def test_postgres_redis_and_celery_give_the_clusters_and_answers_of_simulate(
    tmp_path: Path, small_data: Path, postgres_url: str, redis_url: str
):
    expected = simulated(small_data)
    with deployed(tmp_path, small_data, postgres_url, redis_url) as (_, client):
        project = client.project("small", "folder", {"path": "sets/small"})
        run_id = client.start_run(project["id"], CONFIG)
        client.wait_for_run(run_id)
        assert client.hashes(run_id) == expected.hashes
        assert client.answer_ids(run_id) == expected.answer_ids
