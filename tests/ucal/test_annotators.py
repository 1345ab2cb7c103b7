"""The oracle: as right, wrong and unsure as it was told to be."""

from __future__ import annotations

import numpy as np
import pytest

from ucal.annotators import Oracle, Scripted
from ucal.errors import ConfigError
from ucal.types import Question, Reason, Verdict, question_id

TRUTH = np.array([0, 0, 1, 1])


def ask(left: int, right: int, round_: int = 0) -> Question:
    id_ = question_id(round_, Reason.MERGE, left, right)
    return Question(id_, left, right, (left,), (right,), Reason.MERGE, 0.5, round_)


def test_it_answers_from_the_truth():
    said = [answer.verdict for answer in Oracle(TRUTH)([ask(0, 1), ask(1, 2)])]
    assert said == [Verdict.SAME, Verdict.DIFFERENT]


def test_it_takes_one_question_at_a_time():
    def questions():
        yield ask(0, 1)
        raise AssertionError("asked for more than it answered")

    assert next(iter(Oracle(TRUTH)(questions()))).verdict is Verdict.SAME


def test_rates_of_wrong_and_unsure_answers_hold():
    oracle = Oracle(TRUTH, seed=3, error=0.1, unsure=0.2)
    said = [answer.verdict for answer in oracle(ask(0, 1, round_) for round_ in range(4000))]
    unsure = said.count(Verdict.UNSURE) / 4000
    wrong = said.count(Verdict.DIFFERENT) / (4000 - said.count(Verdict.UNSURE))
    assert unsure == pytest.approx(0.2, abs=0.02)
    assert wrong == pytest.approx(0.1, abs=0.02)


def test_what_it_says_does_not_depend_on_the_order():
    oracle = Oracle(TRUTH, seed=1, error=0.5)
    questions = [ask(i, j, r) for r in range(5) for i in range(4) for j in range(i)]
    forward = {answer.id: answer for answer in oracle(questions)}
    backward = {answer.id: answer for answer in oracle(questions[::-1])}
    assert forward == backward


def test_it_needs_every_identity():
    with pytest.raises(ConfigError, match="1 of 2 images have none"):
        Oracle(np.array([3, -2]))


def test_a_rate_above_one_is_refused():
    with pytest.raises(ConfigError, match="oracle error: expected 0 to 1"):
        Oracle(TRUTH, error=1.1)


def test_a_script_answers_only_what_it_knows():
    script = Scripted({(0, 1): Verdict.SAME})
    assert [answer.left for answer in script([ask(1, 2), ask(0, 1)])] == [0]
