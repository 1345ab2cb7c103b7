"""Import: a folder, an unpacked zip or generated images become a project's numbered images.

It may be killed anywhere and done again: nothing shows before the one transaction at the end, but
the progress.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from backend.errors import NotFoundError
from backend.import_schemas import ImportState
from backend.paths import inside
from backend.settings import MIB, Settings
from backend.store.models import BadFile, Image, Project, new_id, utc_now
from backend.store.session import SessionFactory, session_scope
from ucal import types as core
from ucal.datasets import BadFile as Refused
from ucal.datasets import Dataset, read
from ucal.datasets.archive import Limits, unpack
from ucal.datasets.dataset import SPLITS, Split
from ucal.datasets.opening import image_sizes
from ucal.datasets.preview import read_names, without_only_folder
from ucal.datasets.synth import generate
from ucal.datasets.tree import file_tree
from ucal.errors import DataFormatError, DataNotFoundError, EmptyDataError
from ucal.events import Event, Sink
from ucal.imported import FORMATS, MOST, TOO_MANY, count_links
from ucal.seams import Check, never

_EVERY = 0.5  # seconds between two notes of progress
_CHUNK = 1000
_COVERS = 8

Sizes = dict[Split, dict[int, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Importing:
    """One import under way."""

    sessions: SessionFactory
    settings: Settings
    project_id: str
    sink: Sink
    check: Check

    @property
    def own_folder(self) -> Path:
        """Where this project's unpacked or generated images lie."""
        return self.settings.sets_dir / self.project_id


def run_import(
    sessions: SessionFactory,
    settings: Settings,
    project_id: str,
    source: dict[str, Any],
    check: Check = never,
) -> None:
    """Import a project's images; `source` is what `jobs.wake_import` was given.

    Raises:
        UcalError: data that cannot be used; say it to people with `fail_import`.
        NotFoundError: the project is gone.
        InterruptedRun: `check` asked for it.
    """
    with session_scope(sessions) as session:
        project = _project(session, project_id)
        if project.import_state == ImportState.DONE:
            return
        project.import_state = ImportState.READING.value
    work = Importing(sessions, settings, project_id, _progress(sessions, project_id), check)
    dataset, refused = _SOURCES[source["kind"]](work, source)
    _accept(dataset, settings)
    dataset, outside = _without_outsiders(dataset)
    dataset, sizes = _opened(work, dataset)
    dataset = replace(dataset, bad=(*refused, *outside, *dataset.bad))
    with session_scope(sessions) as session:
        _store(session, _project(session, project_id), dataset, sizes)
    if source["kind"] == "upload":
        Path(source["path"]).unlink(missing_ok=True)


def fail_import(session: Session, project_id: str, reason: str) -> None:
    """Say why an import failed; another one may be tried."""
    project = session.get(Project, project_id)
    if project is not None and project.import_state != ImportState.DONE:
        project.import_state, project.import_error = ImportState.FAILED.value, reason


def _project(session: Session, project_id: str) -> Project:
    project = session.get(Project, project_id)
    if project is None:
        raise NotFoundError(f"no project {project_id!r}")
    return project


def _progress(sessions: SessionFactory, project_id: str) -> Sink:
    """Make a sink that notes progress in the project, twice a second at most."""
    last = 0.0

    def note(event: Event) -> None:
        nonlocal last
        done, total = int(event.values.get("done") or 0), int(event.values.get("total") or 0)
        if event.name != "progress" or (time.monotonic() - last < _EVERY and done < total):
            return
        last = time.monotonic()
        what = str(event.values.get("what") or "")[:16]
        with session_scope(sessions) as session:
            project = _project(session, project_id)
            if project.import_what != what or done < project.import_done or project.import_since is None:
                project.import_what, project.import_since = what, utc_now()
            project.import_done, project.import_total = done, total

    return note


# -- where images come from --------------------------------------------------------------------


def _folder(work: Importing, source: dict[str, Any]) -> tuple[Dataset, tuple[Refused, ...]]:
    path = inside(work.settings.import_roots, source["path"])
    if source.get("pattern") is None and source.get("manifest") is None:
        return read(path, source.get("format", "auto")), ()
    manifest = None if source.get("manifest") is None else source["manifest"].encode()
    return read_names(file_tree(path), path.name, pattern=source.get("pattern"), manifest=manifest), ()


def _upload(work: Importing, source: dict[str, Any]) -> tuple[Dataset, tuple[Refused, ...]]:
    archive = Path(source["path"])
    if not archive.is_file():
        raise DataNotFoundError("the uploaded file is gone; upload it again")
    limits = Limits(max_files=work.settings.max_images, max_bytes=work.settings.max_unpacked_mb * MIB)
    shutil.rmtree(work.own_folder, ignore_errors=True)
    report = unpack(archive, work.own_folder, limits, sink=work.sink, check=work.check)
    where = work.own_folder / without_only_folder(file_tree(work.own_folder)).prefix
    if source.get("pattern") is None:
        return read(where, source.get("format", "auto")), report.refused
    return read_names(file_tree(where), where.name, pattern=source["pattern"]), report.refused


def _synth(work: Importing, source: dict[str, Any]) -> tuple[Dataset, tuple[Refused, ...]]:
    shutil.rmtree(work.own_folder, ignore_errors=True)
    settings = {key: value for key, value in source.items() if key != "kind"}  # checked as `import_schemas.ImportSynth`
    return read(generate(work.own_folder, **settings, sink=work.sink)), ()


_SOURCES = {"folder": _folder, "upload": _upload, "synth": _synth}


# -- what is taken of them ---------------------------------------------------------------------


def _accept(dataset: Dataset, settings: Settings) -> None:
    if dataset.features is not None:
        raise DataFormatError("expected images, got features; these are for `ucal simulate --features`")
    n = sum(len(dataset.images(split)) for split in SPLITS)
    if n > settings.max_images:
        raise DataFormatError(f"expected at most {settings.max_images} images, got {n}")


def _without_outsiders(dataset: Dataset) -> tuple[Dataset, tuple[Refused, ...]]:
    """Leave out what a link leads out of the data set's folder."""
    root = dataset.root.resolve()
    outside = tuple(
        Refused(image.key, "leads out of the folder")
        for split in SPLITS
        for image in dataset.images(split)
        if not Path(image.path.partition("::")[0]).resolve().is_relative_to(root)
    )
    return (replace(dataset.without(outside), bad=dataset.bad), outside) if outside else (dataset, ())


def _opened(work: Importing, dataset: Dataset) -> tuple[Dataset, Sizes]:
    """Open every image; give the data set of those that open, and their sizes by row."""
    images = [image for split in SPLITS for image in dataset.images(split)]
    sizes, bad = image_sizes(images, sink=work.sink, check=work.check)
    by_key = {images[row].key: size for row, size in sizes.items()}
    good = dataset.without(bad)
    if not good.train:
        first = good.bad[0] if good.bad else None
        raise EmptyDataError(f"no image opens; first {first.path}: {first.reason}" if first else "no images")
    rows = {split: {row: by_key[image.key] for row, image in enumerate(good.images(split))} for split in SPLITS}
    return good, rows


# -- the one transaction -----------------------------------------------------------------------


def _store(session: Session, project: Project, dataset: Dataset, sizes: Sizes) -> None:
    for table in (Image, BadFile):
        session.execute(delete(table).where(table.project_id == project.id))
    rows = [row for split in SPLITS for row in _rows(project.id, split, dataset, sizes)]
    for start in range(0, len(rows), _CHUNK):
        session.execute(insert(Image), rows[start : start + _CHUNK])
    bad = [{"project_id": project.id, "path": file.path[:2000], "reason": file.reason} for file in dataset.bad]
    for start in range(0, len(bad), _CHUNK):
        session.execute(insert(BadFile), bad[start : start + _CHUNK])
    trains = [row["id"] for row in rows if row["split"] == "train"]
    project.covers = trains[:: max(1, len(trains) // _COVERS)][:_COVERS]
    _count(project, dataset)
    project.import_done = project.import_total = len(rows) + len(bad)
    project.import_state, project.import_error = ImportState.DONE.value, None


def _rows(project_id: str, split: Split, dataset: Dataset, sizes: Sizes) -> Iterator[dict[str, Any]]:
    for row, image in enumerate(dataset.images(split)):
        width, height = sizes[split][row]
        facts = {"id": new_id(), "project_id": project_id, "split": split, "row": row, "width": width, "height": height}
        yield facts | _facts(image)


def _facts(image: core.Image) -> dict[str, Any]:
    names = ("key", "path", "identity", "camera", "tracklet", "frame", "time")
    return {name: getattr(image, name) for name in names}


def _count(project: Project, dataset: Dataset) -> None:
    project.n_train, project.n_query, project.n_gallery = (len(dataset.images(split)) for split in SPLITS)
    identities = {image.identity for image in dataset.train}
    project.n_identities = len(identities) if dataset.has_truth else None
    cameras = {image.camera for split in SPLITS for image in dataset.images(split) if image.camera is not None}
    project.n_cameras = len(cameras) or None
    project.n_bad_files = len(dataset.bad)
    links = count_links(dataset.train) if dataset.format in FORMATS else 0
    project.n_links = links if links <= MOST else 0
    project.source_path, project.source_format = str(dataset.root), dataset.format
    project.notices = [*dataset.notices, *([TOO_MANY] if links > MOST else [])]
