"""Backup and restore: the database and the files that belong to it, in one zip.

Thumbnails are left out (they are made again), and so are folders that were imported where they lie.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

from sqlalchemy import func, inspect, update
from sqlalchemy.engine import URL, make_url

from backend import migrate
from backend.settings import Settings
from backend.store.models import Image, Project
from backend.store.session import make_engine, make_factory, session_scope
from ucal.errors import UcalError

FOLDERS = ("runs", "sets")
DATABASE, ABOUT = "database", "about.json"


def backup(settings: Settings, out: Path) -> int:
    """Write a backup, while people may go on answering; give its size in bytes.

    Pause runs first: their files are read after the database, and a step in between moves them on.

    Raises:
        UcalError: `out` is there already, or the database's own tool failed.
    """
    if out.exists():
        raise UcalError(f"{out}: expected a file that is not there yet")
    part = out.with_name(out.name + ".part")
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(part, "w") as archive:
        dump = Path(folder) / DATABASE
        _dump(make_url(settings.database), dump)
        archive.write(dump, DATABASE, zipfile.ZIP_DEFLATED)
        archive.writestr(ABOUT, json.dumps({"data_dir": str(settings.data_dir), "kind": _kind(settings)}))
        for name in FOLDERS:
            for path in sorted((settings.data_dir / name).rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(settings.data_dir).as_posix())
    part.replace(out)
    return out.stat().st_size


def restore(settings: Settings, archive_path: Path) -> None:
    """Bring a backup back into an empty place, and the database to this version.

    Raises:
        UcalError: no backup, one of another kind of database, or the place is not empty.
    """
    _refuse_full(settings)
    try:
        with zipfile.ZipFile(archive_path) as archive:
            about = json.loads(archive.read(ABOUT))
            if about["kind"] != _kind(settings):
                raise UcalError(f"{archive_path}: a backup of {about['kind']}; the settings ask for {_kind(settings)}")
            _unpack(settings, archive)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UcalError(f"{archive_path}: expected a backup made by `ucal backup` ({error})") from error
    migrate.upgrade(settings.database)
    _move_paths(settings, about["data_dir"])


def _kind(settings: Settings) -> str:
    return make_url(settings.database).get_backend_name()


def _refuse_full(settings: Settings) -> None:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        full = bool(url.database) and Path(str(url.database)).exists()
    else:
        engine = make_engine(settings.database)
        full = bool(inspect(engine).get_table_names())
        engine.dispose()
    if full or any((settings.data_dir / name).exists() for name in FOLDERS):
        raise UcalError(
            f"expected an empty database and an empty folder {settings.data_dir}; a restore replaces nothing"
        )


def _unpack(settings: Settings, archive: zipfile.ZipFile) -> None:
    for member in archive.infolist():
        parts = PurePosixPath(member.filename).parts
        if parts[0] in FOLDERS and ".." not in parts:
            archive.extract(member, settings.data_dir)
    with tempfile.TemporaryDirectory() as folder:
        _load(make_url(settings.database), Path(archive.extract(DATABASE, folder)))


def _move_paths(settings: Settings, before: str) -> None:
    """Let images of unpacked and generated data sets be found where they lie now."""
    old, new = f"{before}/", f"{settings.data_dir}/"
    factory = make_factory(make_engine(settings.database))
    with session_scope(factory) as session:
        for column in (Image.path, Project.source_path):
            moved = func.substr(column, len(old) + 1)
            change = update(column.class_).where(func.substr(column, 1, len(old)) == old)
            session.execute(change.values({column: new + moved}), execution_options={"synchronize_session": False})
    factory.kw["bind"].dispose()


def _dump(url: URL, out: Path) -> None:
    if url.get_backend_name() == "sqlite":
        if not Path(str(url.database)).exists():
            raise UcalError(f"{url.database}: there is no database yet")
        with closing(sqlite3.connect(str(url.database))) as source, closing(sqlite3.connect(out)) as target:
            source.backup(target)
    else:
        _tool(["pg_dump", "--format=custom", "--no-owner", f"--file={out}", f"--dbname={_plain(url)}"])


def _load(url: URL, dump: Path) -> None:
    if url.get_backend_name() == "sqlite":
        target = Path(str(url.database))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dump, target)
    else:
        _tool(["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={_plain(url)}", str(dump)])


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _tool(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UcalError(f"{command[0]} is not installed; it comes with PostgreSQL's client") from error
    if done.returncode:
        raise UcalError(f"{command[0]} failed: {' '.join(done.stderr.split())[:500]}")
