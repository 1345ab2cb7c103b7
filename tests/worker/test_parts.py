"""The worker's smaller pieces: leases, events, the log, and who is dead."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import insert

from backend import jobs
from backend.store import answers, events, runs, workers
from backend.store import jobs as job_rows
from backend.store.models import Answer as StoredAnswer
from backend.store.models import Job, utc_now
from backend.store.session import session_scope
from tests.worker.people import answer_one, states, truthful, undo
from tests.worker.toy import CONFIG
from ucal.errors import InterruptedRun, StaleRunError
from ucal.events import Event
from ucal.types import Answer, Question, Reason, Verdict, question_id
from worker.hold import Hold
from worker.human import HumanQueue
from worker.log import StoreLog
from worker.pulse import beat, sweep
from worker.sink import StoreSink
from worker.work import is_dead, owner_name


def ask(left: int, right: int) -> Question:
    name = question_id(1, Reason.SPLIT, left, right)
    return Question(name, left, right, (left,), (right,), Reason.SPLIT, 0.5, 1)


def answer(left: int, right: int, verdict: Verdict = Verdict.SAME) -> Answer:
    return Answer(f"answer-{left}-{right}", left, right, verdict)


def take(toy, work, run_id: str) -> Hold:
    with session_scope(toy.sessions) as session:
        assert job_rows.claim(session, work.owner, utc_now(), jobs.run_key(run_id)) is not None
        assert runs.claim(session, run_id, work.owner, utc_now()) is not None
    return Hold(work, jobs.run_key(run_id), run_id)


# -- hold ------------------------------------------------------------------------------------------


def test_a_hold_renews_the_lease_and_carries_the_progress(toy):
    work, run_id = toy.work(), toy.start()
    hold = take(toy, work, run_id)
    hold.progress = lambda: {"what": "train", "done": 3, "total": 9}
    before = toy.run(run_id).lease_expires
    hold.check()
    run = toy.run(run_id)
    assert run.lease_expires > before
    assert run.progress == {"what": "train", "done": 3, "total": 9}


def test_a_hold_looks_at_the_store_only_now_and_then(toy):
    work, run_id = toy.work(), toy.start()
    hold = take(toy, work, run_id)
    hold.check()
    first = toy.run(run_id).heartbeat_at
    for _ in range(100):
        hold.check()
    assert toy.run(run_id).heartbeat_at == first


@pytest.mark.parametrize("asked", ["pause", "cancel"])
def test_a_hold_hears_pause_and_cancel(toy, asked):
    work, run_id = toy.work(), toy.start()
    hold = take(toy, work, run_id)
    with session_scope(toy.sessions) as session:
        runs.get(session, run_id).control = asked
    with pytest.raises(InterruptedRun, match=asked):
        hold.check()


def test_a_hold_that_was_taken_away_stops_the_step(toy):
    work, run_id = toy.work(), toy.start()
    hold = take(toy, work, run_id)
    with session_scope(toy.sessions) as session:
        runs.get(session, run_id).lease_owner = "elsewhere:1:a"
    with pytest.raises(StaleRunError):
        hold.check()


def test_a_job_that_was_taken_away_stops_the_step(toy):
    work, run_id = toy.work(), toy.start()
    hold = take(toy, work, run_id)
    with session_scope(toy.sessions) as session:
        session.query(Job).one().lease_owner = "elsewhere:1:a"
    with pytest.raises(StaleRunError):
        hold.check()


# -- human queue and log ---------------------------------------------------------------------------


def test_the_queue_publishes_what_is_wanted_once_and_answers_nothing(toy):
    run_id = toy.start()
    queue = HumanQueue(toy.sessions, run_id, CONFIG)
    wanted = [ask(0, 1), ask(2, 3)]
    assert list(queue(iter(wanted))) == []
    assert list(queue(iter(wanted))) == []
    assert states(toy, run_id) == {wanted[0].id: "open", wanted[1].id: "open"}


def test_what_follows_from_answers_is_settled_and_what_only_ends_is_closed(toy):
    run_id = toy.start()
    queue = HumanQueue(toy.sessions, run_id, CONFIG)
    follows, ends, stays = ask(0, 2), ask(4, 5), ask(6, 7)
    queue([follows, ends, stays])
    StoreLog(toy.sessions, run_id).append([answer(0, 1), answer(1, 2)])
    queue([stays])
    assert states(toy, run_id) == {follows.id: "settled", ends.id: "closed", stays.id: "open"}


def test_a_question_that_is_wanted_again_opens_again(toy):
    run_id = toy.start()
    queue = HumanQueue(toy.sessions, run_id, CONFIG)
    queue([ask(0, 2)])
    queue([])
    queue([ask(0, 2)])
    assert set(states(toy, run_id).values()) == {"open"}


def take_back(toy, run_id: str, question: Question) -> None:
    """Answer a question and take that back: it is open again, beyond its round."""
    answer_one(toy, run_id, question, truthful(), "answer-taken-back")
    undo(toy, run_id, "answer-taken-back")


def test_a_question_that_came_back_has_its_part_of_the_budget(toy):
    run_id = toy.start(CONFIG.replace(annotator="people", budget=4))
    queue = HumanQueue(toy.sessions, run_id, CONFIG.replace(budget=4))
    old, wanted = ask(0, 1), [ask(2, 3), ask(4, 5), ask(6, 7)]
    queue([old])
    take_back(toy, run_id, old)
    StoreLog(toy.sessions, run_id).append([answer(10, 11), answer(12, 13)])
    queue(wanted)
    found = states(toy, run_id)
    assert (found[old.id], [found.get(one.id) for one in wanted]) == ("open", ["open", None, None])
    StoreLog(toy.sessions, run_id).append([answer(14, 15), answer(16, 17)])
    queue([])
    assert set(states(toy, run_id).values()) == {"closed"}


def test_a_question_that_came_back_stays_while_the_budget_lasts(toy):
    run_id = toy.start(CONFIG.replace(annotator="people"))
    queue = HumanQueue(toy.sessions, run_id, CONFIG)
    old, other = ask(0, 1), ask(2, 3)
    queue([old, other])
    take_back(toy, run_id, old)
    queue([])
    assert states(toy, run_id) == {old.id: "open", other.id: "closed"}
    StoreLog(toy.sessions, run_id).append([answer(0, 2), answer(1, 2)])
    queue([])
    assert states(toy, run_id)[old.id] == "settled"


def test_the_log_gives_back_what_was_appended_and_takes_an_id_once(toy):
    run_id = toy.start()
    log = StoreLog(toy.sessions, run_id)
    log.append([answer(0, 1), answer(2, 3, Verdict.DIFFERENT)])
    log.append([answer(2, 3, Verdict.SAME), answer(4, 5)])
    assert [(a.left, a.right, a.verdict) for a in log.read()] == [
        (0, 1, Verdict.SAME),
        (2, 3, Verdict.DIFFERENT),
        (4, 5, Verdict.SAME),
    ]


def test_the_log_reads_on_and_finds_what_was_stored_out_of_its_turn(toy):
    run_id = toy.start()
    log, others = StoreLog(toy.sessions, run_id), StoreLog(toy.sessions, run_id)
    others.append([answer(0, 1)])
    assert [a.id for a in log.read()] == ["answer-0-1"]
    for place in (50, 40):  # transactions are not stored in the order of their numbers
        with session_scope(toy.sessions) as session:
            row = answers._row(run_id, answer(2, place), "oracle")
            session.execute(insert(StoredAnswer).values(row | {"seq": place}))
        assert log.read() == events_of(toy, run_id)
    assert [a.right for a in log.read()] == [1, 40, 50]
    question = ask(6, 7)
    HumanQueue(toy.sessions, run_id, CONFIG)([question])
    answer_one(toy, run_id, question, truthful(), "by-a-person")
    undo(toy, run_id, "by-a-person")
    assert [a.id for a in log.read()[3:]] == ["by-a-person", "undo:by-a-person"]
    assert log.read() == events_of(toy, run_id)


def test_the_log_finds_an_answer_that_was_stored_long_after_it_had_its_number(toy):
    run_id = toy.start()
    log = StoreLog(toy.sessions, run_id)
    for place in (5000, 100):  # far below what is looked at again
        with session_scope(toy.sessions) as session:
            row = answers._row(run_id, answer(0, place), "oracle")
            session.execute(insert(StoredAnswer).values(row | {"seq": place}))
        assert log.read() == events_of(toy, run_id)
    assert [a.right for a in log.read()] == [100, 5000]


def events_of(toy, run_id: str) -> list[Answer]:
    with session_scope(toy.sessions, read_only=True) as session:
        return events.read_log(session, run_id)


# -- sink ------------------------------------------------------------------------------------------


def losses(toy, run_id: str) -> list[tuple[int, int, float]]:
    with session_scope(toy.sessions) as session:
        return [(point.step, point.round, point.loss) for point in runs.losses(session, run_id)]


def test_losses_are_numbered_over_the_whole_run_and_a_step_done_again_replaces_its_own(toy):
    run_id = toy.start()
    sink = StoreSink(toy.sessions, run_id, iterations=10)
    sink(Event("loss", {"round": 0, "iteration": 9, "loss": 4.0}))
    sink(Event("loss", {"round": 1, "iteration": 0, "loss": 3.0}))
    sink.flush()
    sink(Event("loss", {"round": 1, "iteration": 0, "loss": 2.0}))
    sink.flush()
    assert losses(toy, run_id) == [(9, 0, 4.0), (10, 1, 2.0)]


def test_losses_are_written_about_once_a_second(toy):
    run_id, now = toy.start(), [100.0]
    sink = StoreSink(toy.sessions, run_id, iterations=10, clock=lambda: now[0])
    for iteration in range(4):
        sink(Event("loss", {"round": 0, "iteration": iteration, "loss": 1.0}))
    assert len(losses(toy, run_id)) == 1
    now[0] += 1.5
    sink(Event("loss", {"round": 0, "iteration": 4, "loss": 1.0}))
    assert len(losses(toy, run_id)) == 5


# -- owners and the pulse --------------------------------------------------------------------------


def test_a_process_of_this_host_that_is_gone_is_dead_and_nobody_else_is():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    host = owner_name().split(":")[0]
    assert is_dead(f"{host}:{child.pid}:abcd")
    assert not is_dead(owner_name())
    assert not is_dead(f"{host}:1:abcd")
    assert not is_dead(f"another-{host}:{child.pid}:abcd")
    assert not is_dead("nonsense")


def test_the_sweeper_frees_at_once_what_a_dead_process_of_this_host_holds(toy):
    run_id = toy.start()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead = toy.work()
    dead.owner = dead.owner.replace(f":{os.getpid()}:", f":{child.pid}:")
    take(toy, dead, run_id)
    assert jobs.run_key(run_id) in sweep(toy.work())
    with session_scope(toy.sessions) as session:
        assert job_rows.claim(session, "another:1:a", utc_now()) is not None
        assert runs.claim(session, run_id, "another:1:a", utc_now()) is not None


def test_the_sweeper_leaves_alone_what_a_live_worker_holds(toy):
    run_id = toy.start()
    take(toy, toy.work(), run_id)
    assert sweep(toy.work()) == []


def test_the_sweeper_finds_jobs_whose_message_was_lost(toy):
    run_id = toy.start()
    assert sweep(toy.work()) == []
    with session_scope(toy.sessions) as session:
        session.query(Job).one().run_at = utc_now() - timedelta(seconds=10)
    assert sweep(toy.work()) == [jobs.run_key(run_id)]


def test_a_worker_says_that_it_lives(toy):
    work = toy.work()
    beat(work)
    with session_scope(toy.sessions) as session:
        assert [worker.name for worker in workers.known(session)] == [work.owner]
