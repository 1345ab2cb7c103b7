"""The loop: a simulation as a test, and the promises about steps that break off."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import DriftingLearner, blobs, make_parts
from ucal.annotators import Oracle
from ucal.config import RunConfig
from ucal.drive import drive
from ucal.errors import InterruptedRun, StaleRunError
from ucal.loop import advance
from ucal.runs import FileLog, FolderStates, RunFolder
from ucal.seams import Clustering, Proposer, Scene
from ucal.state import State
from ucal.types import Answer, IntArray, Question, Reason, Step, Verdict, question_id

CONFIG = RunConfig(epochs=5, query_from=1, k1=8, k2=3, eps=0.5, min_samples=3, merge_cap=1.0)


def run(root: Path, config: RunConfig = CONFIG, **more: object) -> State:
    return drive(make_parts(root, config, **more), FolderStates(RunFolder(root)))  # type: ignore[arg-type]


def test_questions_make_the_clusters_better_than_none(tmp_path):
    without = run(tmp_path / "none", CONFIG.replace(policy="none"))
    asked = run(tmp_path / "ucal")
    assert asked.reports[-1].answers > 0
    assert asked.reports[-1].pairwise["f1"] > without.reports[-1].pairwise["f1"]


def test_a_perfect_oracle_reaches_the_truth_in_the_end(tmp_path):
    end = run(tmp_path, CONFIG.replace(epochs=12, policy="similar", budget_per_round=100))
    assert end.reports[-1].ari == pytest.approx(1.0)
    assert end.reports[-1].conflicts == 0


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("memory", ["closure", "pair"])
def test_wrong_and_unsure_answers_never_break_a_run(tmp_path, seed, memory):
    end = run(tmp_path, CONFIG.replace(seed=seed, error=0.1, unsure=0.1, epochs=6, memory=memory))
    assert end.step is Step.DONE
    assert end.stopped == "all rounds are done"


def test_the_same_seed_gives_the_same_clusters(tmp_path):
    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    assert [r.cluster_hash for r in first.reports] == [r.cluster_hash for r in second.reports]


def test_every_step_done_twice_gives_the_same(tmp_path):
    """A killed worker's step is done again from what was saved before it."""
    plain = run(tmp_path / "plain")
    root = tmp_path / "twice"
    states, state = FolderStates(RunFolder(root)), State()
    while state.step is not Step.DONE:
        advance(state, make_parts(root, CONFIG))  # dies before its state is saved
        after = advance(state, make_parts(root, CONFIG))
        states.save(after, expected=state.version)
        RunFolder(root).forget_others(after)
        state = after
    assert [r.cluster_hash for r in state.reports] == [r.cluster_hash for r in plain.reports]
    assert state.reports[-1].answers == plain.reports[-1].answers


def test_an_interruption_in_the_middle_of_training_loses_nothing(tmp_path):
    plain = run(tmp_path / "plain")
    root, calls = tmp_path / "broken", [0]

    def interrupt() -> None:
        calls[0] += 1
        if calls[0] % 23 == 3:
            raise InterruptedRun("pause")

    parts = make_parts(root, CONFIG, learner=DriftingLearner(blobs()[0], interrupt))
    state = State()
    for _ in range(200):
        try:
            state = drive(parts, FolderStates(RunFolder(root)))
            break
        except InterruptedRun:
            continue
    assert calls[0] > 23
    assert [r.cluster_hash for r in state.reports] == [r.cluster_hash for r in plain.reports]


def test_a_run_waits_for_people_and_ends_like_the_oracles(tmp_path):
    """An annotator that answers two questions at a time, in reverse, gives the same clusters."""
    plain = run(tmp_path / "plain")
    oracle = Oracle(blobs()[1])

    def slow(questions: Iterable[Question]) -> Iterator[Answer]:
        yield from oracle(list(questions)[:-3:-1])

    end = run(tmp_path / "slow", annotate=slow)
    assert end.reports[-1].cluster_hash == plain.reports[-1].cluster_hash


def test_a_run_without_answers_waits_and_changes_nothing(tmp_path):
    waiting = run(tmp_path, annotate=lambda questions: [list(questions), ()][1])
    assert waiting.step is Step.ASK
    assert waiting.questions
    again = run(tmp_path, annotate=lambda questions: [list(questions), ()][1])
    assert again == waiting


def test_what_is_still_open_is_withdrawn_in_rounds_that_ask_nothing_too(tmp_path):
    published: list[list[Question]] = []

    def people(questions: Iterable[Question]) -> Iterable[Answer]:
        published.append(list(questions))
        return ()

    parts = dataclasses.replace(make_parts(tmp_path, CONFIG), annotate=people, propose=Silent())
    end = drive(parts, FolderStates(RunFolder(tmp_path)))
    assert published == [[] for _ in end.reports]


def test_a_budget_is_never_exceeded(tmp_path):
    assert run(tmp_path / "all", CONFIG.replace(budget=7)).reports[-1].answers == 7
    rounds = run(tmp_path / "round", CONFIG.replace(budget_per_round=3)).reports
    assert all(b.answers - a.answers <= 3 for a, b in itertools.pairwise(rounds))


class Silent:
    """A proposer that has nothing to ask."""

    stages = ("split", "merge")

    def __call__(self, scene: Scene) -> Sequence[Question]:
        return ()


@dataclasses.dataclass
class Watched:
    """A proposer that keeps what it was shown: (round, stage, labels, pairs that differ)."""

    inner: Proposer
    seen: list[tuple[int, str, IntArray, list[tuple[int, int]]]] = dataclasses.field(default_factory=list)

    @property
    def stages(self) -> tuple[str, ...]:
        return self.inner.stages

    def __call__(self, scene: Scene) -> Sequence[Question]:
        self.seen.append((scene.round, scene.stage, scene.labels.copy(), scene.memory.cannot_pairs()))
        return self.inner(scene)


def watched_run(root: Path, config: RunConfig) -> tuple[State, Watched]:
    parts = make_parts(root, config)
    assert parts.propose is not None
    watched = Watched(parts.propose)
    return drive(dataclasses.replace(parts, propose=watched), FolderStates(RunFolder(root))), watched


def clusters_of(labels: IntArray) -> int:
    return len(set(labels.tolist()) - {-1})


def test_questions_begin_in_their_round_splits_first_and_merges_see_what_was_split(tmp_path):
    end, watched = watched_run(tmp_path, CONFIG.replace(query_from=2))
    assert [report.answers > 0 for report in end.reports] == [False, False, True, True, True]
    assert [(round_, stage) for round_, stage, *_ in watched.seen] == [
        (round_, stage) for round_ in (2, 3, 4) for stage in ("conflict", "split", "merge")
    ]
    more = 0
    for (_, split, before, _), (_, merge, after, apart) in itertools.pairwise(watched.seen):
        if (split, merge) == ("split", "merge"):
            assert all(after[a] != after[b] or after[a] == -1 for a, b in apart)
            more += clusters_of(after) > clusters_of(before)
    assert more, "expected a round whose splits made more clusters before its merges were chosen"


@pytest.mark.parametrize(("first", "reason"), [("splits", Reason.SPLIT), ("merges", Reason.MERGE)])
def test_a_small_budget_goes_to_what_is_asked_first(tmp_path, first, reason):
    end = run(tmp_path, CONFIG.replace(ask_first=first, budget_per_round=2, epochs=2))
    log = FileLog(tmp_path / "answers.jsonl").read()
    assert end.reports[-1].answers == len(log) == 2
    assert {answer.question for answer in log} == {question_id(1, reason, answer.left, answer.right) for answer in log}


def test_a_round_merges_at_most_a_share_of_its_clusters_and_closes_its_questions_then(tmp_path):
    merges = {}
    for cap in (0.2, 1.0):
        parts = make_parts(tmp_path / str(cap), CONFIG.replace(snps=False, query_from=0, epochs=1, merge_cap=cap))
        halves = Clustering(np.arange(parts.n) // 2)  # 64 rows of 8 people: 32 clusters
        parts = dataclasses.replace(parts, cluster=lambda features, threshold, halves=halves: halves)
        end = drive(parts, FolderStates(parts.folder))
        merges[cap] = sum(answer.verdict is Verdict.SAME for answer in parts.log.read())
        assert end.reports[0].answers >= merges[cap]
    assert merges[0.2] == 6  # 20 % of 32
    assert merges[1.0] > 6


def test_a_cap_of_nothing_asks_for_no_merge(tmp_path):
    assert run(tmp_path, CONFIG.replace(merge_cap=0.0, snps=False)).reports[-1].answers == 0


def test_proceed_closes_the_round_with_the_answers_so_far(tmp_path):
    withdrawn = []

    def nobody(questions: Iterable[Question]) -> tuple[Answer, ...]:
        withdrawn.append(list(questions))
        return ()

    parts = make_parts(tmp_path, CONFIG, annotate=nobody)
    assert drive(parts, FolderStates(RunFolder(tmp_path))).step is Step.ASK
    going_on = dataclasses.replace(parts, proceed=lambda state: True)
    assert drive(going_on, FolderStates(RunFolder(tmp_path))).step is Step.DONE
    assert [] in withdrawn


def test_two_drivers_of_one_run_cannot_both_save(tmp_path):
    states = FolderStates(RunFolder(tmp_path))
    states.save(State(version=1), expected=0)
    with pytest.raises(StaleRunError, match="expected version 0"):
        states.save(State(version=1), expected=0)


def test_a_state_survives_its_json(tmp_path):
    state = run(tmp_path, annotate=lambda questions: [list(questions), ()][1])
    assert State.loads(state.dumps()) == state


def test_only_current_files_are_kept(tmp_path):
    state = run(tmp_path)
    assert {path.name for path in tmp_path.glob("r0*")} == state.files()


def test_a_round_ends_when_no_stage_has_anything_left_to_ask(tmp_path):
    """`pages_per_round` is a most: plans that find nothing worth an action are not made again and again."""
    config = CONFIG.replace(policy="efficient", epochs=2, pages_per_round=1000)
    end = run(tmp_path, config)
    assert end.step is Step.DONE
    assert end.reports[-1].pairwise["f1"] == pytest.approx(1.0)
    assert end.version < 500


@pytest.mark.parametrize("idle_rounds", [0, 1, 3])
def test_a_run_that_trains_ends_after_so_many_rounds_that_asked_nothing(tmp_path, idle_rounds):
    config = CONFIG.replace(policy="efficient", epochs=12, pages_per_round=1000, idle_rounds=idle_rounds)
    end = run(tmp_path, config)
    asked = [report.round for before, report in itertools.pairwise(end.reports) if report.answers > before.answers]
    if idle_rounds == 0:
        assert (end.stopped, len(end.reports)) == ("all rounds are done", 12)
    else:
        assert end.stopped is not None
        assert "queue has run dry" in end.stopped
        assert end.reports[-1].round == asked[-1] + idle_rounds < 11


def test_a_spent_budget_ends_a_run_that_trains_after_its_idle_rounds(tmp_path):
    end = run(tmp_path, CONFIG.replace(policy="efficient", epochs=12, budget=10, idle_rounds=2))
    assert (end.stopped, len(end.reports)) == (
        "the budget is spent",
        4,
    )  # one without questions, one that asks, two idle


def test_a_round_that_was_closed_with_questions_open_is_not_an_idle_one(tmp_path):
    config = CONFIG.replace(policy="efficient", epochs=6, idle_rounds=2)
    unanswered = make_parts(tmp_path, config, annotate=lambda questions: [list(questions), ()][1])
    parts = dataclasses.replace(unanswered, proceed=lambda state: bool(state.questions))
    end = drive(parts, FolderStates(RunFolder(tmp_path)))
    assert (end.stopped, len(end.reports)) == ("all rounds are done", 6)
