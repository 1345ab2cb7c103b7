"""The built pages, and a plain page that lists the API. Everything comes from this server."""

from __future__ import annotations

import functools
import gzip
import html
import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from backend.deps import At, Everyone
from backend.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_PACKED = (".js", ".css")
_NOT_BUILT = "<!doctype html><title>UCAL</title><p>The pages are not built: run <code>make setup</code>. "
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
:root{color-scheme:light dark}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
code{font-family:ui-monospace,monospace}
"""


@router.get("/api/docs")
def api_docs(request: Request, _: Everyone) -> HTMLResponse:
    """List the API. No script, nothing from elsewhere."""
    paths = request.app.openapi()["paths"]
    rows = [
        f"<tr><td><code>{verb.upper()}</code></td><td><code>{html.escape(path)}</code></td>"
        f"<td>{html.escape(str(what.get('description', '')))}</td><td>{html.escape(what.get('x-access', ''))}</td></tr>"
        for path, verbs in paths.items()
        for verb, what in verbs.items()
    ]
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>UCAL API</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/api/docs.css">'
        '<h1>The UCAL API</h1><p>The whole description, for programs: <a href="/api/openapi.json">openapi.json</a>.'
        "<table><tr><th>Verb<th>Path<th>What it does<th>Who</tr>" + "".join(rows) + "</table></html>"
    )


@router.get("/api/docs.css")
def api_docs_style(_: Everyone) -> Response:
    """Give the style of that page."""
    return Response(_STYLE, media_type="text/css")


@router.get("/{path:path}")
def page(request: Request, at: At, _: Everyone, path: str) -> Response:
    """Give a file of the built pages; every other path is a page of the application."""
    if path == "api" or path.startswith("api/"):
        raise NotFoundError(f"there is no /{path}")
    folder = at.settings.ui_dir
    file = _file_below(folder, path)
    if file is not None:
        is_hashed = path.startswith("assets/")
        headers = {"cache-control": "public, max-age=31536000, immutable" if is_hashed else "no-cache"}
        if is_hashed and file.suffix in _PACKED:
            return _packed_response(request, file, headers)
        return FileResponse(file, headers=headers)
    if path.startswith("assets/"):
        raise NotFoundError(f"there is no /{path}")
    index = folder / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT, 503)
    return FileResponse(index, headers={"cache-control": "no-cache"})


def _packed_response(request: Request, file: Path, headers: dict[str, str]) -> Response:
    """Give a hashed script or style, gzipped where the browser says that it reads that."""
    headers["vary"] = "accept-encoding"
    offered = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    if "gzip" not in offered:
        return FileResponse(file, headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(_packed(file), headers=headers, media_type=mimetypes.guess_type(file.name)[0])


@functools.lru_cache(maxsize=256)
def _packed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes())  # its name holds its hash: another content has another name


def _file_below(folder: Path, path: str) -> Path | None:
    try:
        real = (folder / path).resolve()
        return real if path and real.is_relative_to(folder.resolve()) and real.is_file() else None
    except (OSError, ValueError):
        return None
