"""Receiving a zip: nobody sends a byte before the policy let them in, and no lock is held meanwhile."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from backend.deps import Admin, At
from backend.errors import InvalidError
from backend.settings import MIB
from ucal.datasets.pattern import NamePattern


class Received:
    """An uploaded file on the server; removed at the end of the request unless it is to be kept."""

    def __init__(self, path: Path, name: str, pattern: str | None) -> None:
        self.path = path
        self.name = name
        self.how = {"format": "auto"} if pattern is None else {"pattern": pattern}
        self.kept = False

    def keep(self) -> None:
        """Leave the file to the import, which removes it when it is unpacked."""
        self.kept = True


async def received_zip(request: Request, at: At, _: Admin, project_id: str) -> AsyncIterator[Received]:
    """Receive the field `file` of the form, and perhaps `pattern`: how names are read.

    Raises:
        InvalidError: no such field, or no zip.
        ConfigError: not a pattern.
    """
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidError("file: expected a zip in the form's field `file`, got none")
        if await file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise InvalidError("file: expected a zip archive, got something else")
        await file.seek(0)
        pattern = str(form.get("pattern") or "") or None
        if pattern is not None:
            NamePattern.of(pattern)
        path = at.settings.data_dir / "uploads" / f"{secrets.token_hex(16)}.zip"
        received = Received(path, Path(file.filename or "upload.zip").name[:200], pattern)
        try:
            await run_in_threadpool(_store, file, path)
            yield received
        finally:
            if not received.kept:
                path.unlink(missing_ok=True)


def _store(file: UploadFile, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        shutil.copyfileobj(file.file, out, MIB)
