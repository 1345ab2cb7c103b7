"""The deployment files: valid, safe by default, and the two images made from one list of dependencies."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.conftest import absent
from tests.services import HOST, ServiceMissingError, free_port, private_postgres, stop, wait_for
from tests.small_run import CONFIG
from tests.stack import Stack, signed_in

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / "docker-compose.yml"
CPU = ROOT / "docker-compose.cpu.yml"


def services(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["services"]


def compose_command() -> list[str] | None:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    return None


def config(password: str | None, *files: Path) -> subprocess.CompletedProcess[str]:
    command = compose_command()
    if command is None:
        pytest.skip("neither docker-compose nor docker compose is installed")
    env = {key: value for key, value in os.environ.items() if key != "POSTGRES_PASSWORD"}
    env |= {} if password is None else {"POSTGRES_PASSWORD": password}
    names = [word for file in files for word in ("-f", str(file))]
    return subprocess.run([*command, *names, "config"], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_the_file_has_database_broker_migration_server_and_worker():
    assert set(services(MAIN)) == {"postgres", "redis", "migrate", "server", "worker"}


@pytest.mark.parametrize("files", [(MAIN,), (MAIN, CPU)], ids=["gpu", "cpu"])
def test_compose_accepts_the_files(files: tuple[Path, ...]):
    done = config("a-password", *files)
    assert done.returncode == 0, done.stderr


def test_compose_refuses_to_start_without_a_password():
    if (ROOT / ".env").exists():
        pytest.skip("there is a .env here")
    done = config(None, MAIN)
    assert done.returncode != 0
    assert "POSTGRES_PASSWORD" in done.stderr


def test_no_secret_has_a_default_and_the_pages_listen_on_loopback():
    text = MAIN.read_text(encoding="utf-8") + CPU.read_text(encoding="utf-8")
    assert "POSTGRES_PASSWORD:-" not in text
    assert services(MAIN)["server"]["ports"] == ["${UCAL_LISTEN:-127.0.0.1}:${UCAL_PORT:-8000}:8000"]
    assert not any("ports" in services(MAIN)[name] for name in ("postgres", "redis", "worker"))


def test_the_worker_takes_one_gpu_and_the_server_and_worker_wait_for_the_migrations():
    worker = services(MAIN)["worker"]
    device = worker["deploy"]["resources"]["reservations"]["devices"][0]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    for name in ("server", "worker"):
        assert services(MAIN)[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_cpu_override_runs_the_same_worker_without_a_gpu():
    gpu, cpu = services(MAIN)["worker"], services(CPU)["worker-cpu"]
    for key in ("command", "environment", "volumes", "depends_on", "restart", "stop_grace_period"):
        assert cpu[key] == gpu[key], key
    assert "deploy" not in cpu
    assert services(CPU)["worker"] == {"profiles": ["gpu"]}


def test_hadolint_passes_on_the_dockerfile():
    linter = Path(sys.executable).with_name("hadolint")
    found = str(linter) if linter.exists() else shutil.which("hadolint")
    if found is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([found, str(ROOT / "docker" / "Dockerfile")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_server_image_goes_without_torch_and_the_worker_image_has_it():
    def lines(image: str) -> list[str]:
        command = [sys.executable, str(ROOT / "docker" / "requirements.py"), image]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")

    server, worker = lines("server"), lines("worker")
    assert not any(line.startswith("torch") for line in server)
    assert set(worker) - set(server) == {line for line in worker if line.startswith("torch")} != set()
    assert any(line.startswith("fastapi") for line in server)
    assert any(line.startswith("celery") for line in worker)


# -- the services as processes ---------------------------------------------------------------------


class Local:
    """Reads the file's commands and environment; only hosts, ports and mounted folders become local ones."""

    def __init__(self, folder: Path, postgres_port: int) -> None:
        self.port, self.redis_port = free_port(), free_port()
        self.places = {
            "postgres:5432": f"{HOST}:{postgres_port}",
            "redis:6379": f"{HOST}:{self.redis_port}",
            "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}": "a-password-for-the-test",
            "${UCAL_HTTPS:-false}": "false",
            "${UCAL_TRUSTED_PROXIES:-127.0.0.1}": "127.0.0.1",
            "0.0.0.0": HOST,
            "8000": str(self.port),
            "/data": str(folder / "data"),
            "/import": str(folder / "import"),
        }

    def text(self, value: str) -> str:
        """Put local places into a text."""
        for name, local in self.places.items():
            value = local if value == name else value.replace(name, local) if ":" in name or "$" in name else value
        return value.replace(":8000/", f":{self.port}/")

    def command(self, name: str) -> list[str]:
        """Give a service's command."""
        return [self.text(word) for word in services(MAIN)[name]["command"]]

    def environment(self, name: str) -> dict[str, str]:
        """Give a service's environment."""
        return {key: self.text(value) for key, value in services(MAIN)[name]["environment"].items()}


@contextmanager
def postgres_of_the_file(folder: Path) -> Iterator[int]:
    """Start a PostgreSQL with the user and the database that the file asks for; give its port."""
    import psycopg

    wanted = services(MAIN)["postgres"]["environment"]
    with private_postgres(folder) as url:
        with psycopg.connect("postgresql://" + url.split("://")[1], autocommit=True) as link:
            link.execute(f"CREATE ROLE {wanted['POSTGRES_USER']} LOGIN PASSWORD 'a-password-for-the-test'")
            link.execute(f"CREATE DATABASE {wanted['POSTGRES_DB']} OWNER {wanted['POSTGRES_USER']}")
        yield int(url.rsplit(":", 1)[1].split("/")[0])


@contextmanager
def composed(folder: Path) -> Iterator[Stack]:
    """Start the file's services in its order."""
    (folder / "import").mkdir()
    with postgres_of_the_file(folder) as postgres_port:
        local = Local(folder, postgres_port)
        made = Stack(folder, {}, port=local.port)
        try:
            redis = [*local.command("redis"), "--port", str(local.redis_port), "--bind", HOST, "--dir", str(folder)]
            made.start("redis", redis)
            made.start("migrate", local.command("migrate"), local.environment("migrate"))
            assert made.processes.pop("migrate").wait(120) == 0, made.log("migrate")
            for name in ("server", "worker"):
                made.start(name, local.command(name), local.environment(name))
            made.wait_until_served()
            check = [local.text(word) for word in services(MAIN)["server"]["healthcheck"]["test"][1:]]
            subprocess.run([sys.executable, *check[1:]], check=True, timeout=30)
            yield made
        finally:
            for name in ("worker", "server", "redis"):
                if name in made.processes:
                    stop(made.processes[name])


@pytest.mark.slow
@pytest.mark.services
def test_the_services_run_as_the_file_says_sign_in_import_oracle_run_export(tmp_path: Path):
    if shutil.which("redis-server") is None:
        absent("there is no binary redis-server")
    try:
        with composed(tmp_path) as made, signed_in(made) as client:
            synth = {"identities": 8, "cameras": 2, "images": 2, "height": 48, "width": 24}
            project = client.project("generated", "synth", synth)
            assert project["images"] > 0
            run_id = client.start_run(project["id"], CONFIG | {"epochs": 2, "iterations": 2})
            wait_for(lambda: client.call("GET", f"/runs/{run_id}")["state"] != "queued", 60, "a worker")
            client.wait_for_run(run_id)
            packed = client.http.get(f"/runs/{run_id}/export/all.zip")
            assert packed.is_success, packed.text
            with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
                assert {"identities.csv", "answers.jsonl", "config.json", "result.json"} <= set(files.namelist())
                rows = files.read("identities.csv").decode().splitlines()
            assert len(rows) == project["images"] + 1
    except ServiceMissingError as error:
        absent(str(error))
