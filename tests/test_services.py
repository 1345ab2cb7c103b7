"""The tests' own services: a machine with nothing but the binaries can run every test."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests import services
from tests.conftest import absent

pytestmark = [pytest.mark.services, pytest.mark.slow]


def test_a_private_postgres_starts_and_gives_empty_databases(tmp_path: Path):
    import psycopg

    try:
        with services.private_postgres(tmp_path) as server, services.fresh_database(server) as url:
            assert url.startswith("postgresql+psycopg://postgres@127.0.0.1:")
            with psycopg.connect("postgresql://" + url.split("://")[1]) as link:
                assert link.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone() == (0,)
    except services.ServiceMissingError as error:
        absent(str(error))


def test_a_private_redis_starts_and_two_tests_never_share_a_database(tmp_path: Path):
    try:
        with (
            services.private_redis(tmp_path) as server,
            services.fresh_redis(server) as one,
            services.fresh_redis(server) as two,
        ):
            assert one != two
    except services.ServiceMissingError as error:
        absent(str(error))


def test_a_connection_that_leaves_the_machine_is_refused():
    with socket.socket() as outward, pytest.raises(RuntimeError, match="loopback"):
        outward.connect(("192.0.2.1", 80))
