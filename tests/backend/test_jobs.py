"""Jobs wait in a table: asked for twice they are done once, asked for meanwhile they are done again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from backend import jobs as sending
from backend.store import jobs
from backend.store.models import Job, utc_now
from backend.store.session import SessionFactory, after_commit, make_engine, make_factory, session_scope


@pytest.fixture
def factory(both_url: str):
    engine = make_engine(both_url)
    yield make_factory(engine)
    engine.dispose()


def wake(factory: SessionFactory, key: str = "k", delay: float = 0.0) -> None:
    with session_scope(factory) as session:
        jobs.wake(session, "advance_run", key, {"run_id": "r"}, utc_now() + timedelta(seconds=delay))


def claim(factory: SessionFactory, owner: str = "w", key: str | None = None, later: float = 0.0) -> Job | None:
    with session_scope(factory) as session:
        return jobs.claim(session, owner, utc_now() + timedelta(seconds=later), key)


def finish(factory: SessionFactory, owner: str = "w") -> bool:
    with session_scope(factory) as session:
        return jobs.finish(session, "k", owner, utc_now())


def test_a_job_asked_for_twice_is_done_once(factory: SessionFactory):
    wake(factory)
    wake(factory)
    job = claim(factory)
    assert job is not None
    assert (job.kind, job.payload, job.attempts) == ("advance_run", {"run_id": "r"}, 1)
    assert claim(factory, "other") is None
    assert finish(factory) is False
    assert claim(factory) is None


def test_a_job_asked_for_while_it_runs_is_done_again(factory: SessionFactory):
    wake(factory)
    claim(factory)
    wake(factory)
    assert claim(factory, "other") is None
    assert finish(factory) is True
    assert claim(factory) is not None


def test_a_delayed_job_waits_and_a_call_for_now_brings_it_forward(factory: SessionFactory):
    wake(factory, delay=60)
    assert claim(factory) is None
    wake(factory)
    wake(factory, delay=60)
    assert claim(factory) is not None


def test_a_dead_workers_job_is_taken_over(factory: SessionFactory):
    wake(factory)
    claim(factory, "dead")
    again = claim(factory, "alive", later=jobs.LEASE_SECONDS + 1)
    assert again is not None
    assert again.attempts == 2
    assert finish(factory, "dead") is False
    with session_scope(factory) as session:
        assert jobs.extend(session, "k", "dead", utc_now()) is False
        assert jobs.extend(session, "k", "alive", utc_now()) is True


def test_a_job_that_goes_wrong_is_tried_three_times(factory: SessionFactory):
    wake(factory)
    for again in (True, True, False):
        assert claim(factory) is not None
        with session_scope(factory) as session:
            assert jobs.put_back(session, "k", "w", utc_now(), "it broke") is again
    assert claim(factory) is None
    wake(factory)
    job = claim(factory)
    assert job is not None
    assert (job.attempts, job.error) == (1, "it broke")


def test_overdue_jobs_are_named(factory: SessionFactory):
    wake(factory, "late")
    wake(factory, "later", delay=100)
    with session_scope(factory, read_only=True) as session:
        assert jobs.overdue(session, utc_now() + timedelta(seconds=1)) == ["late"]
        assert jobs.pending(session, "later")
        assert not jobs.pending(session, "never")


def test_many_workers_at_once_take_each_job_once(factory: SessionFactory):
    for i in range(6):
        wake(factory, f"k{i}")
    taken: list[str] = []

    def work(owner: str) -> None:
        for _ in range(20):
            job = claim(factory, owner)
            if job is not None:
                taken.append(job.key)

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"k{i}" for i in range(6)]


# -- messages


def test_a_message_follows_the_commit_and_never_a_rollback(factory: SessionFactory, monkeypatch: pytest.MonkeyPatch):
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(sending, "_send", lambda broker, key, delay: sent.append((broker, key)))
    with_broker = make_factory(factory.kw["bind"], "redis://broker/0")
    with session_scope(with_broker) as session:
        sending.wake_run(session, "r")
        assert sent == []
    assert sent == [("redis://broker/0", "advance_run:r")]

    def go_wrong() -> None:
        with session_scope(with_broker) as session:
            sending.wake_run(session, "other")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        go_wrong()
    with session_scope(factory) as session:  # no broker: the table is enough
        sending.wake_run(session, "r")
        assert not jobs.pending(session, "advance_run:other")
    assert len(sent) == 1


def test_a_broker_that_is_gone_loses_nothing(factory: SessionFactory):
    nowhere = make_factory(factory.kw["bind"], "redis://127.0.0.1:1/0")
    with session_scope(nowhere) as session:
        sending.wake_run(session, "r")
    with session_scope(factory, read_only=True) as session:
        assert jobs.pending(session, "advance_run:r")


def test_what_was_changed_in_a_read_only_scope_is_not_kept(factory: SessionFactory):
    done: list[int] = []
    with session_scope(factory, read_only=True) as session:
        jobs.wake(session, "k", "k", {}, utc_now())
        after_commit(session, lambda: done.append(1))
    assert (claim(factory), done) == (None, [])
