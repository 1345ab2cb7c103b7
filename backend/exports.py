"""Files of a run: made by the worker in the run's folder, served from there."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.cells import harmless, harmless_csv
from backend.errors import NotFoundError, StateError
from backend.run_schemas import RunState
from backend.store import edits
from backend.store.models import Image, Run
from ucal.overview import Overview
from ucal.types import OUTLIER


class Export(StrEnum):
    """What can be downloaded."""

    IDENTITIES = "identities.csv"
    ANSWERS = "answers.jsonl"
    CONFIG = "config.json"
    RESULT = "result.json"
    FEATURES = "features.npz"
    WEIGHTS = "weights.safetensors"
    ALL = "all.zip"


def read_result(folder: Path, run: Run) -> dict[str, Any]:
    """Read a finished run's result.

    Raises:
        StateError: it is not done.
        NotFoundError: its file is gone.
    """
    result: dict[str, Any] = json.loads(export_file(folder, run, Export.RESULT).read_text(encoding="utf-8"))
    return result


def export_file(folder: Path, run: Run, what: Export) -> Path:
    """Find one of a finished run's files.

    Raises:
        StateError: the run is not done.
        NotFoundError: this run has no such file.
    """
    if run.state != RunState.DONE:
        raise StateError(f"the files of a run are there when it is done; this one is {run.state}")
    path = folder / run.id / what.value
    if not path.is_file():
        raise NotFoundError(f"this run has no {what.value}")
    return path


def file_name(run: Run, what: str) -> str:
    """Name a file after its run: those of two runs lie side by side in a folder of downloads."""
    return f"{run.name or run.id}-{what}".replace("/", "-")


def attachment(name: str) -> dict[str, str]:
    """Give the header that saves a response under this name, whatever its characters (RFC 6266)."""
    return {"content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"}


def csv_text(path: Path) -> str:
    """Read a CSV file with cells that no spreadsheet takes for a formula."""
    return harmless_csv(path.read_text(encoding="utf-8"))


def zip_all(folder: Path, run: Run) -> Path:
    """Put all of a finished run's files in a zip; the caller deletes it.

    Raises:
        StateError: the run is not done.
    """
    export_file(folder, run, Export.RESULT)
    with (
        tempfile.NamedTemporaryFile(dir=folder, suffix=".zip", delete=False) as file,
        zipfile.ZipFile(file, "w") as out,
    ):
        for what in Export:
            path = folder / run.id / what.value
            if what is Export.ALL or not path.is_file():
                continue
            if path.suffix == ".csv":
                out.writestr(what.value, csv_text(path), zipfile.ZIP_DEFLATED)
            else:
                kind = zipfile.ZIP_DEFLATED if path.suffix in (".json", ".jsonl") else zipfile.ZIP_STORED
                out.write(path, what.value, kind)
    return Path(file.name)


def clusters_csv(session: Session, run: Run, clusters: Overview) -> str:
    """Write every training image with its cluster now; clusters are numbered by size. Cells are no formulas."""
    number = {int(cluster): i for i, cluster in enumerate(clusters.by_size(), start=1)}
    names = edits.names(session, run.id)
    called: dict[int, list[str]] = {}
    for row, name in names.items():
        called.setdefault(int(clusters.labels[row]), []).append(name)
    tied = np.bincount(clusters.groups, minlength=len(clusters.groups))[clusters.groups] > 1
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["image", "cluster", "name", "camera", "confirmed", "locked"])
    query = select(Image.row, Image.key, Image.camera).where(Image.project_id == run.project_id, Image.split == "train")
    for row, key, camera in session.execute(query.order_by(Image.row)):
        label = int(clusters.labels[row])
        name = " / ".join(called.get(label, [])) if label != OUTLIER else names.get(row, "")
        said = ["yes" if flag else "no" for flag in (tied[row], clusters.locked[row])]
        cells = [harmless(key), number.get(label, ""), harmless(name), "" if camera is None else camera, *said]
        table.writerow(cells)
    return text.getvalue()
