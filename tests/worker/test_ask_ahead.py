"""Pages that stay open while the model trains: nobody waits, nothing is lost, and the round does not change by them."""

from __future__ import annotations

import pytest

from backend.run_schemas import RunState
from backend.store import runs
from backend.store.session import session_scope
from tests.worker.people import answer_first, open_questions, states, truthful
from tests.worker.toy import Toy
from ucal.config import RunConfig
from ucal.errors import ConfigError
from worker.tasks import run_job

CONFIG = RunConfig(
    policy="efficient", query_from=0, epochs=3, cards=6, page_tiles=4, k1=8, k2=3, min_samples=3, annotator="people"
)
AHEAD = CONFIG.replace(ask_ahead=50)
BETWEEN = (RunState.TRAINING, RunState.EVALUATING, RunState.EMBEDDING, RunState.CLUSTERING)


def reports(toy: Toy, run_id: str) -> list[dict]:
    with session_scope(toy.sessions, read_only=True) as session:
        return runs.reports(session, run_id)


def label(toy: Toy, run_id: str, meanwhile: int) -> list[str]:
    """Answer all that is asked, and so many pages a round while it trains; give the ids of the latter."""
    work, ahead, left = toy.work(), [], meanwhile
    for turn in range(2000):
        moved = run_job(work)
        state = toy.run(run_id).state
        if state == RunState.DONE:
            return ahead
        if state == RunState.ASKING and not moved:
            left = meanwhile
            assert answer_first(toy, run_id, truthful(), f"asked-{turn:05}")
        if state in BETWEEN and left and open_questions(toy, run_id):
            left -= 1
            ahead.append(answer_first(toy, run_id, truthful(), f"ahead-{turn:05}"))
    raise AssertionError("expected the run to end")


@pytest.mark.slow
def test_what_is_answered_while_it_trains_counts_and_changes_the_next_round_only(toy):
    waiting, busy = toy.start(CONFIG), toy.start(AHEAD)
    assert label(toy, waiting, 0) == []
    ahead = label(toy, busy, 2)
    assert len(ahead) == 4  # two rounds of three train with pages open: the last one has no round after it
    log = toy.log(busy)
    assert {answer.id for answer in log} >= set(ahead)
    assert [answer.round for answer in log if answer.id in ahead] == [0, 0, 1, 1]
    assert toy.hashes(busy)[0] == toy.hashes(waiting)[0]
    assert reports(toy, busy)[0]["actions"] == reports(toy, waiting)[0]["actions"]
    assert reports(toy, busy)[1]["heard"][0] == reports(toy, waiting)[1]["heard"][0] + 2
    assert set(states(toy, busy).values()) <= {"answered", "settled", "closed"}


def test_what_nobody_answered_goes_with_the_next_rounds_first_look(toy):
    run_id = toy.start(AHEAD)
    work, offered = toy.work(), []
    while toy.run(run_id).round == 0 or toy.run(run_id).state != RunState.ASKING or run_job(work):
        moved = run_job(work)
        if toy.run(run_id).state in BETWEEN and not offered:
            offered = [question.id for question in open_questions(toy, run_id)]
        if not moved:
            answer_first(toy, run_id, truthful())
    assert len(offered) > 1
    assert {states(toy, run_id)[id_] for id_ in offered} == {"closed"}
    assert open_questions(toy, run_id)
    assert not set(offered).intersection(question.id for question in open_questions(toy, run_id))


@pytest.mark.parametrize("change", [{"ask_ahead": 0}, {"epochs": 1}, {"budget": 6}])
def test_nothing_is_open_where_nobody_wants_it_no_round_follows_or_the_budget_is_spent(toy, change):
    run_id = toy.start(AHEAD.replace(**change))
    work = toy.work()
    while toy.run(run_id).state not in (*BETWEEN[:2], RunState.DONE):
        if not run_job(work) or toy.run(run_id).state == RunState.ASKING:
            answer_first(toy, run_id, truthful())
    assert open_questions(toy, run_id) == []


def test_it_is_for_the_policy_that_makes_pages():
    from pathlib import Path

    from ucal.datasets.dataset import Dataset, Image
    from ucal.refusals import refuse_nonsense

    images = tuple(Image(f"{row}.png", f"{row}.png", identity=1) for row in range(4))
    with pytest.raises(ConfigError, match="ask_ahead is for policy 'efficient'"):
        refuse_nonsense(AHEAD.replace(policy="ucal"), Dataset("d", "folder", Path("."), train=images))
