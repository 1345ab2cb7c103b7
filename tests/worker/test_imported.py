"""Links that came with the data, on the server: worker, people's queue and simulation agree on what they settle."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from backend.store import runs
from backend.store.memories import memories_of
from backend.store.models import Image, Project
from backend.store.session import session_scope
from tests.fakes import make_parts
from tests.worker.people import answer_first, open_questions, truthful
from tests.worker.toy import CONFIG, Toy, work_until_idle
from ucal.datasets.dataset import Dataset
from ucal.drive import drive
from ucal.imported import imported_links
from ucal.refusals import refuse_nonsense
from ucal.runs import FolderStates, RunFolder
from ucal.state import Report
from worker.data import dataset_of

LINKED = dataclasses.replace(CONFIG, imported_links=True)


@pytest.fixture
def tracked(toy: Toy) -> Toy:
    """Give the blobs in tracklets of four rows, and in one frame the first rows of two identities."""
    with session_scope(toy.sessions) as session:
        images = session.query(Image).order_by(Image.row).all()
        for image in images:
            image.camera, image.tracklet = 0, f"{image.identity}-{image.row // 4}"
        other = next(image for image in images if image.identity != images[0].identity)
        images[0].frame = other.frame = "7"
        session.get_one(Project, toy.project_id).source_format = "manifest"
    return toy


def dataset(toy: Toy) -> Dataset:
    with session_scope(toy.sessions, read_only=True) as session:
        return dataset_of(session, toy.project_id)


def simulated(toy: Toy, root: Path) -> tuple[Report, ...]:
    parts = make_parts(root, LINKED)
    parts = dataclasses.replace(parts, imported=imported_links(dataset(toy).train))
    return drive(parts, FolderStates(RunFolder(root))).reports


def test_the_worker_gives_the_clusters_and_counts_of_a_simulation(tracked: Toy, tmp_path: Path):
    run_id = tracked.start(LINKED)
    work_until_idle(tracked.work())
    expected = simulated(tracked, tmp_path / "simulated")
    assert tracked.hashes(run_id) == [report.cluster_hash for report in expected]
    run = tracked.run(run_id)
    assert (run.known, run.inferred) == (expected[-1].known, expected[-1].inferred)
    assert run.known > 0


def test_people_who_answer_as_the_oracle_does_come_to_the_same_clusters(tracked: Toy, tmp_path: Path):
    run_id = tracked.start(dataclasses.replace(LINKED, annotator="people"))
    work_until_idle(tracked.work())
    links = imported_links(dataset(tracked).train)
    known = {frozenset((link.left, link.right)) for link in links}
    while asked := open_questions(tracked, run_id):
        assert not any(frozenset(question.pair) in known for question in asked)
        answer_first(tracked, run_id, truthful())
        work_until_idle(tracked.work())
    assert tracked.hashes(run_id) == [report.cluster_hash for report in simulated(tracked, tmp_path / "simulated")]


def test_the_servers_memory_knows_them_only_in_runs_that_take_them(tracked: Toy):
    link = imported_links(dataset(tracked).train)[0]
    for config, expected in ((LINKED, link.verdict), (CONFIG, None)):
        run_id = tracked.start(dataclasses.replace(config, annotator="people"))
        with session_scope(tracked.sessions) as session:
            run = runs.get(session, run_id)
            with memories_of(session).of(session, run) as memory:
                assert memory.verdict(link.left, link.right) is expected
                assert memory.n_answers == 0


def test_a_project_read_from_a_manifest_is_one_to_the_worker_too(tracked: Toy):
    assert dataset(tracked).format == "manifest"
    refuse_nonsense(LINKED.replace(policy="none"), dataset(tracked))
