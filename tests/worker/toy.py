"""A store with one project and one run over blobs: the worker's tests without images or a network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event

from backend.settings import Settings
from backend.store import answers, runs
from backend.store.models import Base, Image, Person, Project, Run, utc_now
from backend.store.session import SessionFactory, make_engine, make_factory, session_scope
from tests.fakes import DriftingLearner, blobs, make_parts
from ucal.build import Surroundings
from ucal.config import RunConfig
from ucal.datasets.dataset import Dataset
from ucal.imported import imported_links
from ucal.loop import Parts
from ucal.types import Answer, Verdict
from worker.tasks import run_job
from worker.work import Work, owner_name

CONFIG = RunConfig(epochs=3, query_from=1, k1=8, k2=3, eps=0.5, min_samples=3, merge_cap=1.0)


@dataclass
class Toy:
    """The store and its ids."""

    sessions: SessionFactory
    folder: Path
    project_id: str

    def work(self) -> Work:
        """Start a worker, as a new process would."""
        return Work(self.sessions, Settings(data_dir=self.folder), owner_name(), build=self.build)

    def build(self, config: RunConfig, dataset: Dataset, around: Surroundings) -> Parts:
        """Build a run over blobs whose learner asks `check` between clusters."""
        learner = DriftingLearner(blobs(seed=config.seed)[0], around.check)
        people = around.people if config.annotator == "people" else None
        parts = make_parts(around.folder.root, config, annotate=people, learner=learner)
        imported = imported_links(dataset.train) if config.imported_links else ()
        parts = dataclasses.replace(parts, log=around.log, imported=imported)
        return dataclasses.replace(parts, sink=around.sink, proceed=around.proceed, stop=around.stop)

    def start(self, config: RunConfig = CONFIG) -> str:
        """Queue a run and give its id."""
        with session_scope(self.sessions) as session:
            return runs.create(session, session.get_one(Project, self.project_id), "", config).id

    def run(self, run_id: str) -> Run:
        """Look at a run."""
        with session_scope(self.sessions) as session:
            return runs.get(session, run_id)

    def hashes(self, run_id: str) -> list[str]:
        """Give the cluster hash of each round."""
        with session_scope(self.sessions, read_only=True) as session:
            return [report["cluster_hash"] for report in runs.reports(session, run_id)]

    def log(self, run_id: str) -> list[Answer]:
        """Give the log of answers."""
        with session_scope(self.sessions, read_only=True) as session:
            return answers.read_log(session, run_id)

    def answer(self, run_id: str, question_id: str, verdict: Verdict) -> None:
        """Answer as the server does: log, question and wake-up in one transaction."""
        from backend.answer_schemas import AnswerNew
        from backend.store import answering

        with session_scope(self.sessions) as session:
            person = session.query(Person).one()
            body = AnswerNew(id=f"answer-{question_id[:20]}", question_id=question_id, verdict=verdict.value)
            answering.answer(session, runs.get(session, run_id), person, body, utc_now())


def make_toy(url: str, folder: Path) -> Toy:
    """Make the tables, a person, and a project with an image for every blob."""
    engine = make_engine(url)
    if engine.dialect.name == "sqlite":  # no test survives the machine's loss of power
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    Base.metadata.create_all(engine)
    sessions = make_factory(engine)
    truth = blobs()[1].tolist()
    with session_scope(sessions) as session:
        session.add(Person(name="ann", role="annotator"))
        project = Project(name="blobs", import_state="done", n_train=len(truth), n_identities=8)
        session.add(project)
        session.flush()
        images = [
            Image(
                project_id=project.id, split="train", row=row, key=f"{row:03}.png", path=f"{row:03}.png", identity=name
            )
            for row, name in enumerate(truth)
        ]
        session.add_all(images)
        return Toy(sessions, folder, project.id)


def work_until_idle(work: Work, most: int = 500) -> int:
    """Do jobs until none waits; give how many there were."""
    for done in range(most):
        if not run_job(work):
            return done
    raise AssertionError(f"expected the worker to come to rest within {most} jobs")
