"""One file that reproduces a run: settings, seed, versions, what every image was, and all that people said.

run.json         the run, its project, who changed which budget when, the program's commit
config.json      the settings, as `ucal simulate --config` reads them
versions.json    of the program and its libraries, on the machine that wrote this
images.csv       every image: split, row, key, identity, camera, tracklet, frame, bytes, sha256 of its file
answers.jsonl    the log that the run stands on, edits and undos too, as `ucal.types.Answer` reads it
votes.jsonl      what entered it through a verdict or not at all: single votes, answers to pairs of known truth
rounds.json      each round's figures and the hash of its clusters, to compare with
README.txt       how to run it again
"""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import io
import json
import platform
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.cells import harmless
from backend.store import answers, events, runs, votes
from backend.store.models import Answer, Image, Project, Run
from ucal.datasets.sources import Sources
from ucal.errors import BadImageError
from ucal.program import commit

_PACKAGES = ("ucal", "torch", "numpy", "scipy", "scikit-learn", "pillow", "numba")
_README = """\
A run of UCAL, whole but for the pixels.

1. Bring the images to a folder and compare them with images.csv (sha256 of each file).
2. Install the versions in versions.json; the program's commit is in run.json.
3. ucal reproduce THIS.zip --data FOLDER
   It runs once more with the recorded answers (answers.jsonl: what was said to which question, by question id; of
   several votes the verdict, votes.jsonl has each) and says of each round whether its clusters are those of
   rounds.json. On the same kind of processor they are. A simulated run (annotator `oracle`) can be simulated anew:
   ucal simulate --data FOLDER --config config.json --json again.json
4. Settings that were changed on the way are in run.json under `changes`, with their round.
"""


def write(session: Session, runs_dir: Path, run: Run) -> Path:
    """Write a run's snapshot to a temporary file, which the caller deletes. Reads every image's file once."""
    runs_dir.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.NamedTemporaryFile(dir=runs_dir, suffix=".zip", delete=False) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name, text in _texts(session, run):
            out.writestr(name, text)
        with out.open("images.csv", "w") as stream:
            for line in _image_lines(session, run):
                stream.write(line.encode())
    return Path(file.name)


def _texts(session: Session, run: Run) -> Iterator[tuple[str, str]]:
    yield "README.txt", _README
    yield "run.json", _json(_about(session, run))
    yield "config.json", _json(run.config)
    yield "versions.json", _json(versions())
    log = events.read_log(session, run.id)  # people are ids in it, never names
    yield "answers.jsonl", "".join(json.dumps(event.to_json()) + "\n" for event in log)
    single = answers.read(session, run.id, Answer.counts.is_(False))
    yield "votes.jsonl", "".join(json.dumps(vote.to_json()) + "\n" for vote in single)
    yield "rounds.json", _json(runs.reports(session, run.id))


def _about(session: Session, run: Run) -> dict[str, Any]:
    project, rule = session.get_one(Project, run.project_id), votes.rule_of(session, run)
    return {
        "run": run.id,
        "name": run.name,
        "project": project.name,
        "format": project.source_format,
        "votes": rule.votes,
        "second_votes": rule.second,
        "gold_rate": project.gold_rate,
        "state": run.state,
        "round": run.round,
        "version": run.version,
        "seed": run.config["seed"],
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "stopped": run.stopped,
        "error": run.error,
        "changes": [{key: value for key, value in change.items() if key != "person"} for change in run.changes],
        "ended": {str(round_): at.isoformat() if at else None for round_, at in runs.ended(session, run.id).items()},
        "commit": commit(),
    }


def versions() -> dict[str, str | None]:
    """Give the versions that figures depend on; None where a package is not installed here."""
    found: dict[str, str | None] = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def _image_lines(session: Session, run: Run) -> Iterator[str]:
    yield _line(["split", "row", "key", "identity", "camera", "tracklet", "frame", "bytes", "sha256"])
    query = select(Image).where(Image.project_id == run.project_id).order_by(Image.split, Image.row)
    with Sources() as sources:
        for image in session.scalars(query.execution_options(yield_per=500)):
            facts = [image.split, image.row, image.key, image.identity, image.camera, image.tracklet, image.frame]
            yield _line([*facts, *_hashed(sources, image.path)])


def _hashed(sources: Sources, path: str) -> tuple[int | str, str]:
    try:
        content = sources.read(path)
    except BadImageError as error:
        return "", f"not readable now: {error}"
    plain = content if isinstance(content, bytes) else content.tobytes()
    return len(plain), hashlib.sha256(plain).hexdigest()


def _line(cells: list[Any]) -> str:
    text = io.StringIO()
    said = ["" if cell is None else harmless(cell) if isinstance(cell, str) else cell for cell in cells]
    csv.writer(text, lineterminator="\n").writerow(said)
    return text.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"
