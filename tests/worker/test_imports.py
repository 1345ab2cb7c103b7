"""Imports done by the worker: done once, done again after an interruption, or failed in words."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from backend import jobs
from backend.import_schemas import ImportState
from backend.settings import Settings
from backend.store.models import Image, Job, Project
from backend.store.session import session_scope
from tests.worker.toy import Toy, work_until_idle
from ucal.datasets.synth import generate
from worker.tasks import run_job
from worker.work import Work


def begin(toy: Toy, source: dict[str, object]) -> str:
    with session_scope(toy.sessions) as session:
        project = Project(name="new", import_state=ImportState.WAITING.value)
        session.add(project)
        session.flush()
        jobs.wake_import(session, project.id, source)
        return project.id


def project(toy: Toy, project_id: str) -> Project:
    with session_scope(toy.sessions) as session:
        return session.get_one(Project, project_id)


def worker_with_root(toy: Toy, root: Path) -> Work:
    return dataclasses.replace(toy.work(), settings=Settings(data_dir=toy.folder, import_root=root))


def test_a_folder_becomes_numbered_images(toy: Toy, tmp_path: Path):
    generate(tmp_path / "sets" / "small", identities=4, cameras=2, images=2, height=32, width=16, seed=0)
    project_id = begin(toy, {"kind": "folder", "path": "sets/small"})
    work_until_idle(worker_with_root(toy, tmp_path / "sets"))
    made = project(toy, project_id)
    assert (made.import_state, made.import_error) == (ImportState.DONE, None)
    with session_scope(toy.sessions) as session:
        images = session.query(Image).filter_by(project_id=project_id, split="train").order_by(Image.row)
        assert [image.row for image in images] == list(range(made.n_train))
        assert made.n_train > 0


def test_a_folder_that_is_not_there_fails_in_words(toy: Toy, tmp_path: Path):
    project_id = begin(toy, {"kind": "folder", "path": "sets/none"})
    (tmp_path / "sets").mkdir()
    work_until_idle(worker_with_root(toy, tmp_path / "sets"))
    made = project(toy, project_id)
    assert made.import_state == ImportState.FAILED
    assert "nothing at this path" in made.import_error


def test_an_empty_folder_fails_in_words(toy: Toy, tmp_path: Path):
    (tmp_path / "sets" / "empty").mkdir(parents=True)
    project_id = begin(toy, {"kind": "folder", "path": "sets/empty"})
    work_until_idle(worker_with_root(toy, tmp_path / "sets"))
    made = project(toy, project_id)
    assert made.import_state == ImportState.FAILED
    assert made.import_error


def test_a_worker_that_stops_leaves_the_import_to_the_next_one(toy: Toy, tmp_path: Path):
    generate(tmp_path / "sets" / "small", identities=4, cameras=2, images=2, height=32, width=16, seed=0)
    project_id = begin(toy, {"kind": "folder", "path": "sets/small"})
    stopping = worker_with_root(toy, tmp_path / "sets")
    stopping.stopping.set()
    assert run_job(stopping)
    assert project(toy, project_id).import_state != ImportState.DONE
    work_until_idle(worker_with_root(toy, tmp_path / "sets"))
    assert project(toy, project_id).import_state == ImportState.DONE


def test_an_import_into_a_deleted_project_ends_quietly(toy: Toy):
    project_id = begin(toy, {"kind": "folder", "path": "sets/small"})
    with session_scope(toy.sessions) as session:
        session.delete(session.get_one(Project, project_id))
    work_until_idle(toy.work())
    with session_scope(toy.sessions) as session:
        assert [job.state for job in session.query(Job).filter_by(kind=jobs.IMPORT)] == ["idle"]
