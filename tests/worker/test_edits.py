"""What people do to clusters in the browser holds in the run's next rounds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from backend import editing
from backend.cluster_schemas import EditKind, EditNew
from backend.clusters import Browser
from backend.store import events, images, questions, runs
from backend.store.models import Edit, Person
from backend.store.session import session_scope
from tests.worker.toy import CONFIG, Toy, work_until_idle
from ucal.memory import LabelMemory
from ucal.state import State
from ucal.types import Kind, Verdict


class Desk:
    """A run that asks people, somebody who edits its clusters, and the labels that the model learns from."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy
        self.run_id = toy.start(replace(CONFIG, annotator="people", query_from=0, epochs=4))
        work_until_idle(toy.work())
        self.browser = Browser(toy.work().settings.runs_dir)
        self.count = 0

    def edit(self, kind: EditKind, rows: list[int], *chosen: int) -> Edit:
        self.count += 1
        with session_scope(self.toy.sessions) as session:
            run = runs.get(session, self.run_id)
            known = images.by_rows(session, run.project_id, [*rows, *chosen])
            seen = editing.version_of(np.array(sorted(rows)))
            body = EditNew(
                id=f"edit-{self.count:05}",
                kind=kind,
                image=known[rows[0]].id,
                images=[known[row].id for row in chosen],
                version=seen,
            )
            return editing.edit(session, self.browser, run, session.query(Person).one(), body)

    def undo(self, edit: Edit) -> None:
        with session_scope(self.toy.sessions) as session:
            run = runs.get(session, self.run_id)
            editing.undo(session, run, session.query(Person).one(), edit.id, edit.at)

    def clusters(self) -> list[list[int]]:
        with session_scope(self.toy.sessions, read_only=True) as session:
            labels = self.browser.now(session, runs.get(session, self.run_id)).clusters.labels
        return [np.flatnonzero(labels == label).tolist() for label in range(labels.max() + 1)]

    def next_round(self) -> np.ndarray:
        """Go on with the answers so far, to the next round's questions; give the labels of the round that ended."""
        before = self.toy.run(self.run_id).round
        with session_scope(self.toy.sessions) as session:
            runs.control(session, self.run_id, runs.RunAction.PROCEED, runs.get(session, self.run_id).created_at)
        work_until_idle(self.toy.work())
        run = self.toy.run(self.run_id)
        assert run.round == before + 1
        return np.load(self.toy.work().settings.runs_dir / self.run_id / State.loads(run.core_state or "").labels)

    def open_pairs(self) -> set[tuple[int, int]]:
        with session_scope(self.toy.sessions, read_only=True) as session:
            ids = questions.open_ids(session, self.run_id)
            found = [questions.find(session, self.run_id, id_) for id_ in ids]
        return {(one.left_row, one.right_row) for one in found if one is not None}

    def memory(self) -> LabelMemory:
        with session_scope(self.toy.sessions, read_only=True) as session:
            return LabelMemory(
                len(np.concatenate(self.clusters())) + 200, "closure", events.read_log(session, self.run_id)
            )


@pytest.fixture
def desk(toy: Toy) -> Desk:
    return Desk(toy)


def test_a_split_holds_in_every_later_round_and_its_undo_lets_the_model_decide_again(desk: Desk):
    cluster = max(desk.clusters(), key=len)
    leaving, staying = cluster[:2], cluster[2:]
    edit = desk.edit(EditKind.SPLIT, cluster, *leaving)
    for _ in range(2):
        labels = desk.next_round()
        assert not set(labels[leaving]) & set(labels[staying])
    assert all(desk.memory().verdict(a, b) is Verdict.DIFFERENT for a in leaving for b in staying)
    desk.undo(edit)
    assert desk.memory().n_answers == 0
    assert desk.next_round().tolist() != labels.tolist()


def test_a_locked_cluster_stays_as_it_is_and_nobody_is_asked_about_it(desk: Desk):
    asked = desk.open_pairs()
    cluster = next(rows for rows in desk.clusters() if any(set(rows) & set(pair) for pair in asked))
    desk.edit(EditKind.LOCK, cluster)
    work_until_idle(desk.toy.work())
    assert not any(set(cluster) & set(pair) for pair in desk.open_pairs())
    labels = desk.next_round()
    assert np.flatnonzero(labels == labels[cluster[0]]).tolist() == cluster
    assert not any(set(cluster) & set(pair) for pair in desk.open_pairs())


def test_a_merge_that_was_taken_apart_stays_apart(desk: Desk):
    first, second = desk.clusters()[:2]
    with session_scope(desk.toy.sessions) as session:
        from tests.backend.world import question

        questions.publish(session, desk.run_id, [question(first[0], second[0])])
    asked = question(first[0], second[0])
    desk.toy.answer(desk.run_id, asked.id, Verdict.SAME)
    joined = next(rows for rows in desk.clusters() if first[0] in rows)
    assert second[0] in joined
    desk.edit(EditKind.UNMERGE, [first[0]], second[0])
    labels = desk.next_round()
    assert labels[first[0]] != labels[second[0]]


def test_edits_are_in_the_exported_log_and_survive_replay(desk: Desk):
    cluster = max(desk.clusters(), key=len)
    desk.edit(EditKind.SPLIT, cluster, cluster[0])
    desk.edit(EditKind.NAME, [cluster[1]])
    with session_scope(desk.toy.sessions, read_only=True) as session:
        log = events.read_log(session, desk.run_id)
    kinds = [event.kind for event in log]
    assert kinds == [Kind.SPLIT, Kind.NAME]
    again = [type(event).from_json(json.loads(json.dumps(event.to_json()))) for event in log]
    assert again == log


def test_a_run_that_is_asked_to_stop_ends_with_its_results_after_the_round(desk: Desk):
    with session_scope(desk.toy.sessions) as session:
        runs.control(session, desk.run_id, runs.RunAction.STOP, runs.get(session, desk.run_id).created_at)
        runs.control(session, desk.run_id, runs.RunAction.PROCEED, runs.get(session, desk.run_id).created_at)
    work_until_idle(desk.toy.work())
    run = desk.toy.run(desk.run_id)
    assert (run.state, run.round) == ("done", 0)
    assert run.stopped == "stopped after this round, as was asked"


def test_a_budget_changed_on_the_way_is_heeded_by_the_round_that_asks(desk: Desk):
    work = desk.toy.work()
    assert len(desk.open_pairs()) > 2
    with session_scope(desk.toy.sessions) as session:
        person = session.query(Person).one()
        now = runs.get(session, desk.run_id).created_at
        runs.change_budget(session, desk.run_id, person, {"budget_per_round": 2}, now)
    work_until_idle(work)
    assert len(desk.open_pairs()) == 2
