"""Links that come with the data: what a manifest says, that it costs nothing, and that people outweigh it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ucal.test_efficient import CONFIG, parts_of
from ucal.costs import Cost, cost_of
from ucal.datasets.dataset import Dataset
from ucal.drive import drive
from ucal.errors import AnswerError, ConfigError, DataFormatError
from ucal.imported import MOST, count_links, imported_links
from ucal.memory import LabelMemory
from ucal.refusals import refuse_nonsense
from ucal.replay import Replay
from ucal.runs import FolderStates, RunFolder
from ucal.types import Answer, Image, Kind, Verdict

S, D = Verdict.SAME, Verdict.DIFFERENT


def image(row: int, camera: int | None = 0, tracklet: str | None = None, frame: str | None = None) -> Image:
    return Image(f"{row}.png", f"{row}.png", camera=camera, tracklet=tracklet, frame=frame)


def link(left: int, right: int, verdict: Verdict) -> Answer:
    return Answer(f"import-{left}-{right}-{verdict}", left, right, verdict, kind=Kind.IMPORT)


def test_tracklets_are_the_same_and_one_frame_holds_different_ones():
    images = [
        image(0, tracklet="a", frame="7"),
        image(1, tracklet="b", frame="7"),
        image(2, tracklet="a", frame="8"),
        image(3, camera=1, tracklet="a", frame="7"),
        image(4, tracklet="a", frame="8"),
        image(5, frame="8"),
        image(6),
    ]
    found = {(answer.left, answer.right, answer.verdict) for answer in imported_links(images)}
    assert found == {(0, 2, S), (2, 4, S), (0, 1, D), (2, 5, D), (4, 5, D)}


_some = st.sampled_from([None, "a", "b"])


@given(st.lists(st.tuples(st.integers(0, 1), _some, _some), max_size=12))
def test_the_count_is_that_of_the_links(facts):
    images = [image(row, *one) for row, one in enumerate(facts)]
    assert count_links(images) == len(imported_links(images))


def test_a_frame_that_is_no_moment_is_refused_before_its_links_fill_the_memory():
    images = [image(row, tracklet=str(row), frame="0") for row in range(1500)]
    assert count_links(images) == 1500 * 1499 // 2 > MOST
    with pytest.raises(DataFormatError, match="expected at most 1000000 links, got 1124250"):
        imported_links(images)


def test_they_join_and_part_groups_and_are_no_answers():
    memory = LabelMemory(4, answers=[Answer("x", 1, 2, S)], imported=[link(0, 1, S), link(2, 3, D)])
    assert memory.verdict(0, 2) is S
    assert memory.verdict(0, 3) is D
    assert (memory.n_answers, len(memory.answers)) == (1, 1)
    assert memory.decided(0, 1)
    assert (memory.n_imported(), memory.n_inferred()) == (2, 3)
    assert cost_of(link(0, 1, S)) == Cost()


def test_people_outweigh_them_directly_and_by_inference():
    said = [Answer("x", 0, 1, D), Answer("y", 2, 3, S), Answer("z", 3, 4, S)]
    memory = LabelMemory(6, answers=said, imported=[link(0, 1, S), link(2, 4, D), link(4, 5, S)])
    assert memory.verdict(0, 1) is D
    assert memory.verdict(2, 4) is S
    assert memory.verdict(2, 5) is S
    assert memory.conflicts() == []


_pairs = st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([S, D])).filter(lambda p: p[0] != p[1])


@given(st.lists(_pairs, max_size=8), st.lists(_pairs, max_size=8))
def test_they_add_no_conflict_and_change_no_verdict_of_people(said, links):
    people = LabelMemory(6, answers=[Answer(f"a{i}", *one) for i, one in enumerate(said)])
    both = LabelMemory(6, answers=people.answers, imported=[link(*one) for one in links])
    assert both.conflicts() == people.conflicts()
    for left in range(6):
        for right in range(left):
            known = people.verdict(left, right)
            assert known is None or both.verdict(left, right) is known


def facts(memory: LabelMemory) -> tuple[object, ...]:
    verdicts = [memory.verdict(a, b) for a in range(6) for b in range(a)]
    counts = memory.n_inferred(), memory.n_imported(), memory.n_answers
    return verdicts, memory.groups(), memory.cannot_pairs(), memory.conflicts(), counts, memory.joined(range(6))


@given(st.lists(st.tuples(_pairs, st.booleans()), max_size=10), st.lists(_pairs, max_size=10), st.data())
def test_answers_and_undos_one_by_one_leave_what_a_fresh_replay_gives(said, links, data):
    imported = [link(*one) for one in links]
    grown, log = LabelMemory(6, imported=imported), []
    for i, (one, undone) in enumerate(said):
        log.append(Answer(f"a{i}", *one))
        if undone:
            which = data.draw(st.integers(0, i))
            log.append(Answer(f"u{i}", *one, retracts=f"a{which}"))
        for event in log:
            grown.add(event)
        assert facts(grown) == facts(LabelMemory(6, answers=log, imported=imported))


@given(st.lists(_pairs, max_size=8), st.lists(_pairs, max_size=8))
def test_what_is_asked_inferred_and_known_from_the_data_are_three_counts_of_one_whole(said, links):
    memory = LabelMemory(
        6, answers=[Answer(f"a{i}", *one) for i, one in enumerate(said)], imported=[link(*one) for one in links]
    )
    known = {(a, b) for a in range(6) for b in range(a) if memory.verdict(a, b) is not None}
    data = LabelMemory(6, answers=memory.answers[:0], imported=[link(*one) for one in links])
    asked = {pair for pair in known if memory.voted(*pair) is not None}
    assert memory.n_imported() <= data.n_imported()
    assert memory.n_inferred() >= 0
    assert len(known) - len(asked) <= memory.n_inferred() + memory.n_imported() <= len(known)


def test_pair_memory_has_no_use_for_them():
    with pytest.raises(AnswerError, match="expected memory 'closure'"):
        LabelMemory(2, "pair", imported=[link(0, 1, S)])


def test_an_undone_answer_gives_a_link_its_word_back():
    replay, links = Replay(), (link(0, 1, S),)
    said = Answer("x", 0, 1, D)
    undo = Answer("u", 0, 1, D, retracts="x")
    assert replay.of(2, "closure", [], links).verdict(0, 1) is S
    assert replay.of(2, "closure", [said], links).verdict(0, 1) is D
    assert replay.of(2, "closure", [said, undo], links).verdict(0, 1) is S


def test_a_run_with_tracklets_needs_fewer_actions_for_the_same_end(tmp_path):
    tracks = tuple(link(row, row + 1, S) for row in range(64) if row % 4 != 3)  # two tracklets of 4 an identity
    ends = {}
    for name, links in (("without", ()), ("with", tracks)):
        parts = dataclasses.replace(parts_of(tmp_path / name, CONFIG), imported=links)
        reports = drive(parts, FolderStates(RunFolder(tmp_path / name))).reports
        assert reports[-1].pairwise["f1"] > 0.99
        ends[name] = next(report.actions for report in reports if report.pairwise["f1"] > 0.99)
    assert ends["with"] < ends["without"]


def test_names_of_a_collection_are_no_tracklets(tmp_path):
    images = tuple(image(row, tracklet="s1") for row in range(4))
    images = tuple(dataclasses.replace(one, identity=1) for one in images)
    dataset = Dataset("d", "market1501", tmp_path, train=images)
    with pytest.raises(ConfigError, match="imported_links needs the tracklets and frames of a manifest"):
        refuse_nonsense(CONFIG.replace(imported_links=True, policy="none", train=True), dataset)
