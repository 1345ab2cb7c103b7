"""PostgreSQL and Redis for tests: given ones, usual ones, or private ones started from binaries.

Order: `TEST_DATABASE_URL` / `TEST_REDIS_URL`, then 127.0.0.1 on the usual port (PostgreSQL as user
postgres, trusted), then a private server in a temporary folder. `ServiceMissingError` says what was tried.
"""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

HOST = "127.0.0.1"


class ServiceMissingError(Exception):
    """No such service here; the message says what was tried."""


def free_port() -> int:
    """Give a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def listens(port: int, host: str = HOST) -> bool:
    """Say whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def wait_for(condition, seconds: float, what: str, every: float = 0.05):
    """Give the condition's first true value; fail with `what` after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"expected {what} within {seconds:g} s")
        time.sleep(every)


def stop(process: subprocess.Popen, seconds: float = 10.0) -> None:
    """End a process that a test started: politely, then for good."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# -- PostgreSQL ----------------------------------------------------------------------------------


def _psycopg_url(url: str) -> str:
    return "postgresql://" + url.split("://", 1)[1]


def _can_connect(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(_psycopg_url(url), connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _binary(name: str) -> str | None:
    found = shutil.which(name)
    return found or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)


def _as_postgres_user() -> dict[str, object]:
    """PostgreSQL refuses to run as root: run it as its own user, or as nobody."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise ServiceMissingError("PostgreSQL: running as root and there is neither a user postgres nor nobody")


@contextlib.contextmanager
def private_postgres(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL of our own below `folder` and give its URL."""
    initdb, postgres = _binary("initdb"), _binary("postgres")
    if initdb is None or postgres is None:
        raise ServiceMissingError(
            "PostgreSQL: TEST_DATABASE_URL is not set, 127.0.0.1:5432 does not answer as user postgres, "
            "and there are no binaries initdb and postgres"
        )
    user = _as_postgres_user()
    data = folder / "pg"
    data.mkdir(mode=0o700)
    if user:
        os.chown(data, user["user"], user["group"])  # type: ignore[arg-type]
        for parent in data.parents:  # temporary folders are private: let the other user through
            if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    port = free_port()
    common = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **user}
    subprocess.run([initdb, "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync"], check=True, **common)
    options = ["-c", "fsync=off", "-c", f"listen_addresses={HOST}", "-c", "max_connections=200"]
    server = subprocess.Popen([postgres, "-D", str(data), "-p", str(port), "-k", str(data), *options], **common)
    url = f"postgresql+psycopg://postgres@{HOST}:{port}/postgres"
    try:
        wait_for(lambda: _can_connect(url), 30, "a private PostgreSQL")
        yield url
    finally:
        server.send_signal(2)  # fast shutdown
        stop(server)


@contextlib.contextmanager
def any_postgres(folder: Path) -> Iterator[str]:
    """Give the URL of a PostgreSQL on which databases may be created."""
    given = os.environ.get("TEST_DATABASE_URL")
    usual = f"postgresql+psycopg://postgres@{HOST}:5432/postgres"
    if given:
        yield given
    elif _can_connect(usual):
        yield usual
    else:
        with private_postgres(folder) as url:
            yield url


@contextlib.contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Create an empty database on that server; drop it afterwards whoever is still connected."""
    import psycopg
    from psycopg import sql

    name = sql.Identifier(f"ucal_test_{secrets.token_hex(6)}")
    with psycopg.connect(_psycopg_url(server_url), autocommit=True) as link:
        link.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield urlsplit(server_url)._replace(path=f"/{name._obj[0]}").geturl()
        finally:
            link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


# -- Redis ---------------------------------------------------------------------------------------


def _answers_ping(url: str) -> bool:
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextlib.contextmanager
def private_redis(folder: Path, port: int | None = None) -> Iterator[str]:
    """Start a Redis of our own that keeps nothing, and give its URL."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise ServiceMissingError(
            "Redis: TEST_REDIS_URL is not set, 127.0.0.1:6379 does not answer, and there is no binary redis-server"
        )
    port = port or free_port()
    command = [binary, "--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://{HOST}:{port}/0"
    try:
        wait_for(lambda: _answers_ping(url), 10, "a private Redis")
        yield url
    finally:
        stop(server)


@contextlib.contextmanager
def any_redis(folder: Path) -> Iterator[str]:
    """Give the URL of a Redis (its database 0 is not ours: take one by `fresh_redis`)."""
    given = os.environ.get("TEST_REDIS_URL")
    usual = f"redis://{HOST}:6379/0"
    if given:
        yield given
    elif _answers_ping(usual):
        yield usual
    else:
        with private_redis(folder) as url:
            yield url


@contextlib.contextmanager
def fresh_redis(server_url: str) -> Iterator[str]:
    """Take an empty Redis database that no other test uses; empty it afterwards."""
    import redis

    for number in range(1, 16):
        url = urlsplit(server_url)._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(url) as client:
            if not client.set("ucal:test:lock", os.getpid(), nx=True, ex=900):
                continue
            if client.dbsize() > 1:  # somebody's data: leave it
                client.delete("ucal:test:lock")
                continue
            try:
                yield url
            finally:
                client.flushdb()
            return
    raise ServiceMissingError(f"Redis: databases 1 to 15 of {server_url} are all in use")
