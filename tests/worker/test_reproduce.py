"""A run's snapshot and the same images give the same clusters, round by round, whatever people did on the way."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend import snapshot
from backend.run_schemas import RunAction
from backend.settings import Settings
from backend.store import runs
from backend.store.models import Base, Image, Person, Project, utc_now
from backend.store.session import make_engine, make_factory, session_scope
from tests.worker.people import answer_first, open_questions, undo
from tests.worker.toy import Toy, work_until_idle
from ucal.__main__ import main
from ucal.annotators import Oracle
from ucal.config import RunConfig
from ucal.datasets import read
from ucal.datasets.synth import generate
from ucal.program import running
from worker.tasks import run_job
from worker.work import Work, owner_name

CONFIG = RunConfig(
    backbone="small", height=48, width=24, epochs=3, query_from=1, iterations=3, k1=6, k2=3, eps=0.6, min_samples=2,
    threads=1, device="cpu", annotator="people", merge_cap=1.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "people"
    return generate(out, identities=8, cameras=2, images=2, height=48, width=24, seed=0)


def stored(folder: Path, data: Path) -> Toy:
    """Make a store with these images, as an import does."""
    engine = make_engine(f"sqlite:///{folder}/store.sqlite3")
    Base.metadata.create_all(engine)
    sessions, dataset = make_factory(engine), read(data, "market1501")
    with session_scope(sessions) as session:
        session.add(Person(name="ann", role="annotator"))
        project = Project(name="people", import_state="done", n_train=len(dataset.train), source_format="market1501")
        session.add(project)
        session.flush()
        for split in ("train", "query", "gallery"):
            for row, image in enumerate(getattr(dataset, split)):
                facts = {"key": image.key, "path": str(image.path), "identity": image.identity, "camera": image.camera}
                session.add(Image(project_id=project.id, split=split, row=row, **facts))
        return Toy(sessions, folder, project.id)


def labelled(toy: Toy, data: Path, config: RunConfig, meddle: Callable[[Toy, str, int], None]) -> str:
    """Run to the end: people answer from the truth; `meddle` is called after each answer with their number."""
    oracle = Oracle(read(data, "market1501").identities("train"), 0, 0.1)
    work = Work(toy.sessions, Settings(data_dir=toy.folder), owner_name())
    run_id = toy.start(config)
    for given in range(400):
        work_until_idle(work)
        if toy.run(run_id).state == "done":
            return run_id
        assert answer_first(toy, run_id, lambda question: next(iter(oracle([question]))), f"answer-{given:05}")
        meddle(toy, run_id, given)
    raise AssertionError("expected the run to end")


def written(toy: Toy, run_id: str) -> Path:
    with session_scope(toy.sessions, read_only=True) as session:
        path = snapshot.write(session, toy.folder / "runs", runs.get(session, run_id))
    toy.sessions.kw["bind"].dispose()
    return path


def one_round(toy: Toy) -> str:
    """Run one round in which nobody is asked."""
    run_id = toy.start(CONFIG.replace(policy="none", epochs=1))
    work_until_idle(Work(toy.sessions, Settings(data_dir=toy.folder), owner_name()))
    assert toy.run(run_id).state == "done"
    return run_id


def edited(path: Path, part: str, edit: Callable[[dict[str, Any]], object]) -> Path:
    """Copy a snapshot with one of its JSON parts changed."""
    out = path.with_suffix(".edited.zip")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == part:
                said = json.loads(content)
                edit(said)
                content = json.dumps(said).encode()
            copy.writestr(name, content)
    return out


def some_trouble(toy: Toy, run_id: str, given: int) -> None:
    """Take answers back, some of them later, and close a round early."""
    if given in (2, 9):
        undo(toy, run_id, f"answer-{given - 1:05}")
    if given == 6 and open_questions(toy, run_id):
        with session_scope(toy.sessions) as session:
            runs.control(session, run_id, RunAction.PROCEED, utc_now())


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("policy", ["ucal", "efficient"])
def test_a_snapshot_gives_the_same_clusters_again(tmp_path: Path, data: Path, policy: str):
    toy = stored(tmp_path, data)
    run_id = labelled(toy, data, CONFIG.replace(policy=policy), some_trouble)
    path = written(toy, run_id)
    out = tmp_path / "again.json"
    assert main(["reproduce", str(path), "--data", str(data), "--json", str(out)]) == 0
    said = json.loads(out.read_text())
    assert [one["again"] for one in said["rounds"]] == toy.hashes(run_id)
    assert said["heard"] == said["events"] > 10


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("unconfirmed", ["whole", "probability"])
def test_answers_given_while_the_model_trained_are_heard_where_they_were(tmp_path: Path, data: Path, unconfirmed: str):
    """Also between a round's end and the next one's first questions, and where rounds are closed early."""
    toy = stored(tmp_path, data)
    config = CONFIG.replace(policy="efficient", ask_ahead=20, cards=4, page_tiles=3, epochs=4, unconfirmed=unconfirmed)
    say, work, ahead, closed = Oracle(read(data, "market1501").identities("train"), 0, 0.1), None, 0, []
    run_id = toy.start(config)
    for turn in range(800):
        work = work or Work(toy.sessions, Settings(data_dir=toy.folder), owner_name())
        moved, state = run_job(work), toy.run(run_id).state
        if state == "done":
            break
        pages = [question for question in open_questions(toy, run_id) if question.tiles]
        if not moved and state == "asking" and pages and not closed:
            closed = pages
            with session_scope(toy.sessions) as session:
                runs.control(session, run_id, RunAction.PROCEED, utc_now())
        elif not moved or state != "asking":
            given = answer_first(toy, run_id, lambda question: next(iter(say([question]))), f"answer-{turn:05}")
            ahead += given is not None and state != "asking"
    assert ahead > 1
    assert {question.id for question in closed}.intersection(answer.question for answer in toy.log(run_id))
    path, out = written(toy, run_id), tmp_path / "again.json"
    assert main(["reproduce", str(path), "--data", str(data), "--json", str(out)]) == 0
    said = json.loads(out.read_text())
    assert [one["again"] for one in said["rounds"]] == toy.hashes(run_id)
    assert said["equal"]


def test_images_that_were_read_by_a_pattern_are_those_that_the_snapshot_lists(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    toy = stored(tmp_path, data)
    (tmp_path / "own").mkdir()
    with session_scope(toy.sessions) as session:
        session.get_one(Project, toy.project_id).source_format = "pattern"
        for image in session.query(Image).filter(Image.split != "train"):
            session.delete(image)
        for image in session.query(Image).filter(Image.split == "train"):
            image.key = Path(image.key).name
            (tmp_path / "own" / image.key).write_bytes(Path(image.path).read_bytes())
    path = written(toy, one_round(toy))
    out = tmp_path / "again.json"
    assert main(["reproduce", str(path), "--data", str(tmp_path / "own"), "--json", str(out)]) == 0
    (tmp_path / "own" / image.key).unlink()
    assert main(["reproduce", str(path), "--data", str(tmp_path / "own")]) == 1
    assert "expected the snapshot's" in capsys.readouterr().err


def test_a_snapshot_of_an_older_version_is_refused_in_words(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    toy = stored(tmp_path, data)
    old = edited(written(toy, toy.start(CONFIG)), "run.json", lambda about: about.pop("ended"))
    assert main(["reproduce", str(old), "--data", str(data)]) == 1
    assert "run.json does not say ended" in capsys.readouterr().err


def test_a_run_without_a_finished_round_is_refused_as_there_is_nothing_to_compare(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    toy = stored(tmp_path, data)
    path = written(toy, toy.start(CONFIG))
    assert main(["reproduce", str(path), "--data", str(data)]) == 1
    assert "expected a round to compare with, none was finished" in capsys.readouterr().err


def test_another_program_than_the_snapshots_is_named_beside_it(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    toy = stored(tmp_path, data)
    path, out = written(toy, one_round(toy)), tmp_path / "again.json"
    other = edited(path, "run.json", lambda about: about.update(commit="0123456789abcdef"))
    other = edited(other, "versions.json", lambda versions: versions.update(ucal="0.0.1"))
    named = "written by UCAL version 0.0.1, commit 0123456789ab"
    for snapshot_, expected in ((path, False), (other, True)):
        assert main(["reproduce", str(snapshot_), "--data", str(data), "--json", str(out)]) == 0
        shown = capsys.readouterr().out
        assert (named in shown) is expected
        assert (f"this is {running()}" in shown) is expected
    said = json.loads(out.read_text())
    assert (said["commit"], said["commit_again"]) == ("0123456789abcdef", running().commit)


def test_other_images_and_other_files_are_refused(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    toy = stored(tmp_path, data)
    path = written(toy, one_round(toy))
    elsewhere = generate(tmp_path / "else", identities=9, cameras=2, images=2, height=48, width=24, seed=0)
    assert main(["reproduce", str(path), "--data", str(elsewhere)]) == 1
    assert "expected the snapshot's" in capsys.readouterr().err
    assert main(["reproduce", str(data), "--data", str(data)]) == 1
    assert main(["reproduce", str(tmp_path / "none.zip"), "--data", str(data)]) == 1
    assert "does not exist" in capsys.readouterr().err
