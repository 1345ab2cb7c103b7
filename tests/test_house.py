"""The house rules that a machine can keep: what may be imported by whom, and what an import may load."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ucal", "backend", "worker", "migrations")
HEAVY = ("torch", "celery", "faiss", "numba")
WEB = ("fastapi", "starlette", "pydantic", "sqlalchemy", "alembic", "celery", "redis")


def loaded_by(statement: str, names: tuple[str, ...]) -> set[str]:
    """Give which of the packages a fresh interpreter holds after the statement."""
    code = f"{statement}\nimport sys\nprint(*sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def python_files() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def test_importing_the_core_and_the_backend_loads_no_torch_celery_or_faiss():
    assert loaded_by("import ucal, backend.main", HEAVY) == set()


def test_the_check_for_heavy_imports_would_see_one():
    assert loaded_by("import faiss", HEAVY) == {"faiss"}


def test_the_core_with_its_learning_half_loads_no_web_package():
    assert loaded_by("import ucal.build, ucal.loop, ucal.commands.simulate, ucal.learners.learner", WEB) == set()


def test_import_contracts_hold():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(lint), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"\.cuda\(\)", "the device is an argument"),
        (r"\bprint\(", "the core sends events; only the command line prints"),
        (
            r"\bpickle\.(loads?|Unpickler)\(|\btorch\.load\((?!.*weights_only=True)|allow_pickle=True",
            "a pickle never runs",
        ),
        (r"np\.random\.(seed|rand|randn|randint|shuffle|permutation|choice)\(", "randomness comes from a seed"),
    ],
)
def test_the_core_and_the_worker_keep_out_what_the_house_forbids(pattern: str, reason: str):
    outlets = {ROOT / "ucal" / "__main__.py", *(ROOT / "ucal" / "commands").rglob("*.py"), ROOT / "backend" / "cli.py"}
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in python_files()
        if path not in outlets
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line.split("#")[0])
    ]
    assert not found, f"{reason}:\n" + "\n".join(found)


def test_no_absolute_path_of_a_developers_machine_is_in_the_code():
    found = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if re.search(r"/(work|home)/\w+/|/root/", path.read_text(encoding="utf-8"))
    ]
    assert not found
