"""A run moved on by workers: the same result as in one process, whatever happens to them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from backend.run_schemas import RunAction, RunState
from backend.store import jobs as job_rows
from backend.store import questions, runs
from backend.store.models import Job, Question, utc_now
from backend.store.session import session_scope
from tests.fakes import make_parts
from tests.worker.toy import CONFIG, Toy, work_until_idle
from ucal.drive import drive
from ucal.errors import ConfigError
from ucal.runs import FolderStates, RunFolder
from ucal.types import Verdict
from worker.pulse import sweep
from worker.tasks import run_job

PEOPLE = CONFIG.replace(annotator="people")


def plain_hashes(toy: Toy) -> list[str]:
    root = toy.folder / "plain"
    return [report.cluster_hash for report in drive(make_parts(root, CONFIG), FolderStates(RunFolder(root))).reports]


def control(toy: Toy, run_id: str, action: RunAction) -> None:
    with session_scope(toy.sessions) as session:
        runs.control(session, run_id, action, utc_now())


def hurry(toy: Toy) -> None:
    """Let retries be due now."""
    with session_scope(toy.sessions) as session:
        for job in session.query(Job).filter_by(state="waiting"):
            job.run_at = utc_now()


def failing(toy: Toy, error: Exception, times: int):
    """Give a builder of parts whose training fails so many times."""
    left = [times]

    def build(config, dataset, around):
        parts = toy.build(config, dataset, around)

        def interrupt() -> None:
            if left[0] > 0:
                left[0] -= 1
                raise error

        parts.learner.learner.interrupt = interrupt
        return parts

    return build


def test_a_run_of_the_worker_gives_the_clusters_of_one_process(toy):
    run_id = toy.start()
    work_until_idle(toy.work())
    assert toy.run(run_id).state == RunState.DONE
    assert toy.hashes(run_id) == plain_hashes(toy)
    assert toy.run(run_id).stopped == "all rounds are done"
    assert (toy.folder / "runs" / run_id / "identities.csv").exists()


def test_a_different_worker_for_every_step_gives_the_same(toy):
    run_id = toy.start()
    while run_job(toy.work()):
        pass
    assert toy.hashes(run_id) == plain_hashes(toy)


def test_a_run_from_before_a_setting_keeps_its_parts_too(toy):
    run_id = toy.start()
    with session_scope(toy.sessions) as session:
        run = runs.get(session, run_id)
        run.config = {name: value for name, value in run.config.items() if name != "unconfirmed"}
    worker = toy.work()
    run_job(worker)
    kept = worker.bench
    run_job(worker)
    assert kept is not None
    assert worker.bench is kept


def test_a_worker_keeps_the_parts_only_while_nobody_else_moves_the_run(toy):
    run_id = toy.start()
    first, second = toy.work(), toy.work()
    run_job(first)
    kept = first.bench
    run_job(first)
    assert first.bench is kept
    run_job(second)
    run_job(first)
    assert first.bench is not kept
    work_until_idle(first)
    assert toy.hashes(run_id) == plain_hashes(toy)


def test_a_run_in_another_live_workers_hands_is_left_alone_and_looked_at_again(toy):
    run_id = toy.start()
    with session_scope(toy.sessions) as session:
        assert runs.claim(session, run_id, "elsewhere:1:a", utc_now()) is not None
    assert run_job(toy.work())
    assert toy.run(run_id).version == 0
    with session_scope(toy.sessions) as session:
        job = session.query(Job).one()
        assert (job.state, job.run_at > utc_now() - timedelta(seconds=1)) == ("waiting", True)


def test_a_silent_workers_run_is_taken_over(toy):
    run_id = toy.start()
    with session_scope(toy.sessions) as session:
        long_ago = utc_now() - timedelta(hours=1)
        assert job_rows.claim(session, "elsewhere:1:a", long_ago) is None  # nothing was due then
        job_rows.claim(session, "elsewhere:1:a", utc_now())
        session.query(Job).one().lease_expires = long_ago
        runs.claim(session, run_id, "elsewhere:1:a", long_ago)
    sweep(toy.work())
    work_until_idle(toy.work())
    assert toy.hashes(run_id) == plain_hashes(toy)


def test_pause_in_the_middle_of_training_and_resume_lose_nothing(toy):
    run_id = toy.start()
    asked = []

    def build(config, dataset, around):
        parts = toy.build(config, dataset, around)

        def interrupt() -> None:
            if not asked:
                asked.append(control(toy, run_id, RunAction.PAUSE))
            around.check()

        parts.learner.learner.interrupt = interrupt
        return parts

    work = dataclasses.replace(toy.work(), build=build, look_seconds=0.0)
    work_until_idle(work)
    run = toy.run(run_id)
    assert (run.state, run.before_pause, run.control) == (RunState.PAUSED, RunState.TRAINING, "none")
    control(toy, run_id, RunAction.RESUME)
    work_until_idle(work)
    assert toy.run(run_id).state == RunState.DONE
    assert toy.hashes(run_id) == plain_hashes(toy)


def test_cancel_ends_the_run_and_closes_its_questions_and_keeps_its_answers(toy):
    run_id = toy.start(PEOPLE)
    work_until_idle(toy.work())
    with session_scope(toy.sessions) as session:
        first = questions.open_ids(session, run_id)[0]
    toy.answer(run_id, first, Verdict.SAME)
    control(toy, run_id, RunAction.CANCEL)
    work_until_idle(toy.work())
    with session_scope(toy.sessions) as session:
        assert questions.open_ids(session, run_id) == []
    assert toy.run(run_id).state == RunState.CANCELLED
    assert len(toy.log(run_id)) == 1


def test_a_fault_that_passes_is_tried_again_and_leaves_no_trace(toy):
    run_id = toy.start()
    work = dataclasses.replace(toy.work(), build=failing(toy, MemoryError("no room"), times=2))
    work_until_idle(work)
    assert toy.run(run_id).state == RunState.TRAINING
    hurry(toy)
    work_until_idle(work)
    hurry(toy)
    work_until_idle(work)
    assert toy.run(run_id).state == RunState.DONE
    assert toy.hashes(run_id) == plain_hashes(toy)


def test_a_fault_that_stays_fails_the_run_in_words_after_three_tries_and_keeps_the_answers(toy):
    run_id = toy.start()
    run_tries = 0
    work = dataclasses.replace(toy.work(), build=failing(toy, MemoryError("no room"), times=10))
    while toy.run(run_id).state != RunState.FAILED:
        work_until_idle(work)
        hurry(toy)
        run_tries += 1
        assert run_tries <= 3
    run = toy.run(run_id)
    assert run_tries == 3
    assert "tried 3 times" in run.error
    assert "no room" in run.error
    assert "All answers are kept" in run.error


def test_a_step_that_kills_its_worker_three_times_is_not_given_to_a_fourth(toy):
    run_id = toy.start()
    for _ in range(3):
        with session_scope(toy.sessions) as session:
            job_rows.claim(session, "elsewhere:1:a", utc_now())
            session.query(Job).one().lease_expires = utc_now() - timedelta(seconds=10)
    work_until_idle(toy.work())
    assert toy.run(run_id).state == RunState.FAILED
    assert "died 3 times" in toy.run(run_id).error


def test_settings_that_cannot_work_fail_at_once_with_the_reason(toy):
    run_id = toy.start()

    def build(config, dataset, around):
        raise ConfigError("these data have no identities")

    work_until_idle(dataclasses.replace(toy.work(), build=build))
    assert toy.run(run_id).error == "these data have no identities. All answers are kept."


def test_a_worker_that_is_asked_to_stop_leaves_the_step_to_the_next_one(toy):
    run_id = toy.start()
    work = toy.work()
    work.stopping.set()
    run_job(work)
    assert toy.run(run_id).version == 0
    work_until_idle(toy.work())
    assert toy.hashes(run_id) == plain_hashes(toy)


def test_a_deleted_run_ends_its_job_quietly(toy):
    run_id = toy.start()
    with session_scope(toy.sessions) as session:
        session.delete(runs.get(session, run_id))
    work_until_idle(toy.work())
    with session_scope(toy.sessions) as session:
        assert session.query(Job).one().state == "idle"


# -- people ----------------------------------------------------------------------------------------


def answer_all(toy: Toy, run_id: str, work) -> int:
    """Answer from the truth, one question at a time, the worker looking in between; give how many."""
    given = 0
    while True:
        work_until_idle(work)
        with session_scope(toy.sessions) as session:
            ids = questions.open_ids(session, run_id)
            if not ids:
                return given
            row = questions.find(session, run_id, ids[0])
        same = row.left_row // 8 == row.right_row // 8  # blobs: eight images of each identity
        toy.answer(run_id, ids[0], Verdict.SAME if same else Verdict.DIFFERENT)
        given += 1


def test_people_who_answer_as_the_oracle_does_get_the_same_clusters(toy):
    run_id = toy.start(PEOPLE)
    work = toy.work()
    given = answer_all(toy, run_id, work)
    run = toy.run(run_id)
    assert run.state == RunState.DONE
    assert given == len(toy.log(run_id)) > 10
    assert toy.hashes(run_id) == plain_hashes(toy)
    assert run.inferred > 0


def test_a_run_that_waits_for_people_says_so_and_uses_no_worker(toy):
    run_id = toy.start(PEOPLE)
    work_until_idle(toy.work())
    run = toy.run(run_id)
    assert (run.state, run.lease_owner, run.round) == (RunState.ASKING, None, 1)
    assert not run_job(toy.work())


def test_proceed_closes_the_round_and_trains_with_the_answers_so_far(toy):
    run_id = toy.start(PEOPLE)
    work = toy.work()
    work_until_idle(work)
    control(toy, run_id, RunAction.PROCEED)
    work_until_idle(work)
    run = toy.run(run_id)
    assert (run.state, run.round, run.control) == (RunState.ASKING, 2, "none")
    with session_scope(toy.sessions) as session:
        assert session.query(Question).filter_by(run_id=run_id, round=1, state="open").count() == 0
        assert session.query(Question).filter_by(run_id=run_id, round=1, state="closed").count() > 0


def test_an_answer_that_comes_while_the_worker_looks_is_not_overlooked(toy):
    """The wake-up is counted: the job runs once more."""
    run_id = toy.start(PEOPLE)
    work = toy.work()
    work_until_idle(work)
    with session_scope(toy.sessions) as session:
        ids = questions.open_ids(session, run_id)
    toy.answer(run_id, ids[0], Verdict.SAME)
    with session_scope(toy.sessions) as session:  # a worker takes the job ...
        job = job_rows.claim(session, work.owner, utc_now())
    toy.answer(run_id, ids[1], Verdict.DIFFERENT)  # ... and another answer comes before it is done
    with session_scope(toy.sessions) as session:
        assert job_rows.finish(session, job.key, work.owner, utc_now())
    assert run_job(work)


@pytest.mark.parametrize("verdict", [Verdict.UNSURE, Verdict.DIFFERENT])
def test_answers_that_merge_nothing_still_close_their_questions(toy, verdict):
    run_id = toy.start(PEOPLE)
    work = toy.work()
    work_until_idle(work)
    with session_scope(toy.sessions) as session:
        first = questions.open_ids(session, run_id)[0]
    toy.answer(run_id, first, verdict)
    work_until_idle(work)
    with session_scope(toy.sessions) as session:
        assert questions.find(session, run_id, first).state == "answered"
