"""The efficient policy whatever people say, in any order, undone or not; and its ingredients one by one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import blobs, make_parts
from tests.ucal.test_efficient import CONFIG, parts_of, run
from ucal.asking import answer_page
from ucal.config import RunConfig
from ucal.drive import drive
from ucal.efficient.components import Components
from ucal.efficient.doubt import doubtful
from ucal.efficient.guess import nearest_components
from ucal.efficient.linkage import Groups
from ucal.efficient.tiles import AUDIT, Z
from ucal.memory import LabelMemory
from ucal.proposers.efficient import EfficientProposer
from ucal.runs import FileLog, FolderStates, RunFolder
from ucal.seams import Scene
from ucal.types import Answer, Kind, Question, TileAnswer, Verdict

ROWS, TRUTH = blobs(identities=4, images=6)
SAID = (Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE, Verdict.BAD_IMAGE)


def answer_any(question: Question, draw: st.DataObject, id_: str) -> Answer:
    """Answer as somebody who says anything."""

    def said() -> Verdict:
        return draw.draw(st.sampled_from(SAID))

    if question.tiles:
        verdicts = {tile.rows[0]: said() for tile in question.tiles}
        odd = {tile.rows[0]: tuple(draw.draw(st.sets(st.sampled_from(tile.rows[1:])))) for tile in question.tiles
               if len(tile.rows) > 1}  # fmt: skip
        return dataclasses.replace(answer_page(question, verdicts, id_=id_, odd=odd), round=question.round)
    if question.disputed:
        left, right, verdict = draw.draw(st.sampled_from(question.disputed))
        other = Verdict.DIFFERENT if verdict is Verdict.SAME else Verdict.SAME
        return Answer(id_, left, right, other, question.id, kind=Kind.CONFLICT, round=question.round)
    verdict = said()
    bad = (question.left,) if verdict is Verdict.BAD_IMAGE else ()
    return Answer(id_, *question.pair, verdict, question.id, kind=question.kind, bad_rows=bad, round=question.round)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_answers_in_any_order_nor_their_undoing_break_it_or_flood_the_queue(data):
    config = RunConfig(policy="efficient", train=False, query_from=0, cards=4, expected_error=0.05)
    proposer = EfficientProposer(config)
    memory, said = LabelMemory(len(ROWS)), 0
    waiting: list[Question] = []
    for round_ in range(4):
        for stage in ("conflict", "calibrate", "page", "second-look"):
            labels = proposer.labels(ROWS, memory, round_)
            for left, right in memory.cannot_pairs():
                assert labels[left] != labels[right] or labels[left] == -1
            found = list(proposer(Scene(round_, stage, ROWS, labels, memory)))
            assert len({question.id for question in found}) == len(found)
            assert len(found) <= len(ROWS) + memory.n_answers  # a plan is bounded by the collection and the log
            waiting += found
        for question in data.draw(st.permutations(waiting))[: data.draw(st.integers(0, 6))]:
            memory.add(answer_any(question, data, f"a{said}"))
            waiting.remove(question)
            said += 1
        if memory.answers and data.draw(st.booleans()):
            undone = data.draw(st.sampled_from(memory.answers))
            memory.add(dataclasses.replace(undone, id=f"undo-{undone.id}", retracts=undone.id))
    replayed = LabelMemory(len(ROWS), "closure", memory.answers)
    assert np.array_equal(
        EfficientProposer(config).labels(ROWS, replayed, 0), proposer.labels(ROWS, memory, 0)
    )  # nothing is remembered but the answers
    assert proposer.why_dry(ROWS, memory, 3)


@pytest.mark.slow
@pytest.mark.parametrize(("error", "unsure"), [(0.05, 0.0), (0.02, 0.1), (0.3, 0.3)])
@pytest.mark.parametrize("second_look", ["surprise", "size"])
def test_people_who_err_never_stop_it(tmp_path, error, unsure, second_look):
    config = CONFIG.replace(error=error, unsure=unsure, expected_error=0.05, second_look=second_look, epochs=12)
    end = run(tmp_path, config)
    assert end.reports[-1].answers > 14
    assert end.reports[-1].actions <= 20 * 64


@pytest.mark.slow
def test_second_looks_mend_what_one_vote_leaves_wrong(tmp_path):
    """Over four oracles of 5 % mistakes: more F1 with second looks, summed, than without."""
    sums = {}
    for expected in (0.0, 0.05):
        ends = [
            run(
                tmp_path / f"{expected}-{seed}",
                CONFIG.replace(error=0.05, expected_error=expected, seed=seed, epochs=20),
            )
            for seed in range(4)
        ]
        sums[expected] = sum(end.reports[-1].pairwise["f1"] for end in ends)
    assert sums[0.05] > sums[0.0]


@pytest.mark.slow
@pytest.mark.parametrize("without", ["whitening", "calibration", "atoms", "metric", "belief", "audits"])
def test_it_works_without_any_one_of_its_ingredients(tmp_path, without):
    plain, end = (
        run(tmp_path / "all", CONFIG.replace(epochs=20)),
        run(tmp_path / "less", CONFIG.replace(without=without, epochs=20)),
    )
    assert end.reports[-1].pairwise["f1"] > 0.7
    if without == "audits":
        log = FileLog(tmp_path / "less" / "answers.jsonl").read()
        assert not any(tile.signals and tile.signals[AUDIT] > 0 for answer in log for tile in answer.tiles)
    else:
        assert [r.cluster_hash for r in end.reports] != [r.cluster_hash for r in plain.reports]
    if without == "calibration":
        assert end.reports[0].answers >= 1


def test_second_looks_by_size_ask_about_groups_of_four_and_no_others():
    def tile(row: int, size: int, audit: float = 0.0) -> TileAnswer:
        signals = (0.0, 0.0, float(np.log(size)), float(np.log(9)), audit, 0.0, 0.0)
        return TileAnswer(row, Verdict.SAME, p=0.99, signals=signals)

    tiles = (tile(1, 4), tile(2, 3), tile(3, 9, audit=1.0))
    memory = LabelMemory(6, answers=[Answer("p", 0, 1, Verdict.SAME, kind=Kind.PAGE, tiles=tiles)])
    assert [found.row for _, found in doubtful(memory, 0.02, "size")] == [1]


def test_ucal_from_the_calibrated_cut_asks_cards_and_ends_no_lower_than_the_cut(tmp_path):
    config = CONFIG.replace(policy="ucal", first_cut="calibrated")
    parts = make_parts(tmp_path, config)
    end = drive(dataclasses.replace(parts, organise=parts.propose), FolderStates(RunFolder(tmp_path)))
    kinds = [answer.kind for answer in parts.log.read()]
    assert kinds[:14] == [Kind.CARD] * 14
    assert Kind.PAIR in kinds
    assert end.reports[-1].pairwise["f1"] >= end.reports[0].pairwise["f1"] > 0.5
    assert end.stopped == "nothing left to ask"


def test_nearest_components_are_those_of_all_pairs_that_no_answer_keeps_apart():
    rng = np.random.default_rng(0)
    rows, sizes = rng.normal(size=(50, 8)), rng.integers(1, 5, 50)
    apart = np.array([[0, 1], [3, 7]])
    parts = Components(np.arange(50), 50, apart, np.zeros(0, np.int64))
    similarity = rows @ rows.T
    np.fill_diagonal(similarity, -np.inf)
    similarity[apart[:, 0], apart[:, 1]] = similarity[apart[:, 1], apart[:, 0]] = -np.inf
    expected = {(min(i, j), max(i, j)) for i in range(50) for j in np.argsort(-similarity[i])[:4].tolist()}
    found = nearest_components(Groups(rows * sizes[:, None], sizes), parts, 4)
    assert {tuple(pair) for pair in found.tolist()} == expected
    two = Components(np.arange(2), 2, np.array([[0, 1]]), np.zeros(0, np.int64))
    assert nearest_components(Groups(rows[:2], sizes[:2]), two, 4).shape == (0, 2)
    one = Components(np.zeros(1, np.int64), 1, np.zeros((0, 2), np.int64), np.zeros(0, np.int64))
    assert nearest_components(Groups(rows[:1], sizes[:1]), one, 4).shape == (0, 2)


def test_tiles_outside_have_the_similarity_of_component_and_cluster_worked_out_anew(tmp_path):
    run(tmp_path, CONFIG)
    log = FileLog(tmp_path / "answers.jsonl").read()
    features = np.load(tmp_path / "r0000.features.npy")
    planner = EfficientProposer(CONFIG).planner
    seen = 0
    for n_answers in (14, 18, 24):  # after some of them nothing may lie outside: features differ by processor
        memory = LabelMemory(len(features), "closure", log[:n_answers])
        plan = planner.plan(features, memory, 0)
        tiles, scene = planner.tiles(plan, memory, plan.scene), plan.scene
        for cluster, group, signals in zip(
            tiles.cluster[~tiles.inside], tiles.group[~tiles.inside], tiles.signals[~tiles.inside], strict=True
        ):
            members = np.flatnonzero(scene.clusters[scene.parts.of] == cluster)
            rows = scene.rows[members].astype(float) @ scene.rows[scene.parts.rows(int(group))].astype(float).T
            assert signals[Z] == pytest.approx(np.clip(plan.frame.z(rows.mean()), -12, 12), abs=1e-6)
            seen += 1
    assert seen > 0


def test_parts_of_a_small_run_know_the_policy_as_organiser(tmp_path):
    assert isinstance(parts_of(tmp_path).organise, EfficientProposer)
