"""Pages through the store and the worker: people's answers give the oracle's run; budgets hold; conflicts end."""

from __future__ import annotations

import dataclasses

import pytest

from backend.run_schemas import RunState
from tests.fakes import make_parts
from tests.worker.people import answer_first, open_questions, truthful, undo
from tests.worker.toy import Toy, work_until_idle
from ucal.budget import needed
from ucal.config import RunConfig
from ucal.costs import total_cost
from ucal.drive import drive
from ucal.memory import LabelMemory
from ucal.runs import FolderStates, RunFolder
from ucal.types import Answer, Kind

ORACLE = RunConfig(policy="efficient", train=False, query_from=0, epochs=8, k1=8, k2=3, min_samples=3)
PEOPLE = ORACLE.replace(annotator="people")


def plain(toy: Toy, config: RunConfig = ORACLE) -> list[str]:
    root = toy.folder / "plain"
    end = drive(make_parts(root, config), FolderStates(RunFolder(root)))
    return [report.cluster_hash for report in end.reports]


def says(log: list[Answer]) -> list[Answer]:
    """Leave out what may differ between people and the oracle: names and moments."""
    return [dataclasses.replace(one, id="", person="", at="", seconds=0.0) for one in log]


@pytest.mark.slow
def test_the_oracle_gives_the_same_run_through_the_store(toy):
    run_id = toy.start(ORACLE)
    work_until_idle(toy.work())
    assert toy.run(run_id).state == RunState.DONE
    assert toy.hashes(run_id) == plain(toy)
    assert {one.kind for one in toy.log(run_id)} == {Kind.CARD, Kind.PAGE}


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 100])
def test_people_who_say_the_truth_give_the_oracles_run(toy, at_once: int):
    run_id = toy.start(PEOPLE)
    work = toy.work()
    while work_until_idle(work) or open_questions(toy, run_id):
        for _ in range(at_once):
            if answer_first(toy, run_id, truthful()) is None:
                break
    oracle_id = toy.start(ORACLE)
    work_until_idle(toy.work())
    assert toy.run(run_id).state == RunState.DONE
    assert toy.hashes(run_id) == toy.hashes(oracle_id)
    assert says(toy.log(run_id)) == says(toy.log(oracle_id))


@pytest.mark.slow
def test_a_budget_is_kept_to_the_answer_also_with_undos(toy):
    budget = 30
    run_id = toy.start(PEOPLE.replace(budget=budget))
    work = toy.work()
    for turn in range(100):
        work_until_idle(work)
        standing = LabelMemory(64, answers=toy.log(run_id))
        asked = open_questions(toy, run_id)
        assert standing.n_answers + sum(needed(question).pairs for question in asked) <= budget
        if not asked:
            break
        last = answer_first(toy, run_id, truthful(), f"answer-{turn:04}")
        if turn % 5 == 4 and turn < 30:
            undo(toy, run_id, last)
    assert toy.run(run_id).stopped == "the budget is spent"
    assert LabelMemory(64, answers=toy.log(run_id)).n_answers == budget


def test_a_budget_of_actions_ends_the_asking(toy):
    run_id = toy.start(ORACLE.replace(budget_actions=25))
    work_until_idle(toy.work())
    assert toy.run(run_id).stopped == "the budget is spent"
    actions = total_cost(toy.log(run_id)).actions
    before = total_cost(toy.log(run_id)[:-1]).actions
    assert before < 25 <= actions < 25 + 24
