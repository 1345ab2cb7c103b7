"""What all tests share: one thread, no network, the shared data, and services where they are at hand."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import services

# Before any test imports numpy or torch: two cores run the tests, and figures repeat with one thread.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# A slow machine is no broken law: hypothesis judges results, never times.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent


def absent(reason: str) -> None:
    """Skip for want of a service; a failure where `REQUIRE_SERVICES=1` says that nothing may be missing."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"REQUIRE_SERVICES=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):  # a Unix socket's path
        return True
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuse connections that leave the machine: no test may depend on the network."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: object, _original: object = original) -> object:
            if not _is_local(address):
                raise RuntimeError(f"tests stay on this machine: expected a loopback address, got {address!r}")
            return _original(self, address)  # type: ignore[operator]

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of shared real data: UCAL_SHARED, or `shared` beside the repository."""
    folder = Path(os.environ.get("UCAL_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data: expected {folder}/data (set UCAL_SHARED)")
    return folder


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a PostgreSQL on which databases may be created."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(services.any_postgres(tmp_path_factory.mktemp("postgres")))
        except services.ServiceMissingError as error:
            absent(str(error))
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give an empty PostgreSQL database of the test's own."""
    with services.fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a Redis; take a database of it by `redis_url`."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(services.any_redis(tmp_path_factory.mktemp("redis")))
        except services.ServiceMissingError as error:
            absent(str(error))
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> Iterator[str]:
    """Give an empty Redis database of the test's own."""
    with services.fresh_redis(redis_server) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of Chromium: CHROMIUM, or the one on the PATH."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not Path(found).exists():
        absent("there is no Chromium: expected CHROMIUM=/path/to/chromium, or chromium on the PATH")
    return str(found)


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a small generated data set (`sets/small` below a folder of the session)."""
    from tests.small_run import generate

    return generate(tmp_path_factory.mktemp("small"))
