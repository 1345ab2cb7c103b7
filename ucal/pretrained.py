"""ImageNet weights of torchvision: `weights=imagenet` fetches the backbone's file once, checks it and keeps it.

The cache is UCAL_WEIGHTS_DIR, else `ucal/weights` below XDG_CACHE_HOME or ~/.cache. UCAL_WEIGHTS_URL
names another place that holds the same files, for example a mirror inside a closed network.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from ucal.errors import WeightsError
from ucal.events import Event, Sink, silent

IMAGENET = "imagenet"
BASE_URL = "https://download.pytorch.org/models"
_CHUNK = 2**20
_TIMEOUT = 30.0  # seconds without a byte
_ATTEMPTS = 3  # connections that may break, each going on where the last one ended


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A published file and what its sha256 begins with (all 64 digits where we know them for certain)."""

    name: str
    sha256: str


# torchvision's IMAGENET1K_V1 files. The published names end in the first 8 digits of the sha256.
IMAGENET_FILES: dict[str, WeightsFile] = {
    "resnet18": WeightsFile(
        "resnet18-f37072fd.pth", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"
    ),
    "resnet34": WeightsFile("resnet34-b627a593.pth", "b627a593"),
    "resnet50": WeightsFile(
        "resnet50-0676ba61.pth", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"
    ),
    "mobilenet-v2": WeightsFile("mobilenet_v2-b0353104.pth", "b0353104"),
}


def imagenet_weights(backbone: str, *, sink: Sink = silent) -> Path:
    """Give the file of a backbone's ImageNet weights, from the cache or the network.

    Raises:
        WeightsError: there are none for this backbone, they cannot be fetched, or what came is not them.
    """
    file = IMAGENET_FILES.get(backbone)
    if file is None:
        known = ", ".join(IMAGENET_FILES)
        raise WeightsError(f"weights {IMAGENET!r}: expected a backbone that has them ({known}), got {backbone!r}")
    url = os.environ.get("UCAL_WEIGHTS_URL") or BASE_URL
    return fetch(file, f"{url.rstrip('/')}/{file.name}", cache_folder(), sink=sink)


def cache_folder() -> Path:
    """Give the folder in which fetched weights are kept."""
    own = os.environ.get("UCAL_WEIGHTS_DIR")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "ucal" / "weights"


def fetch(file: WeightsFile, url: str, folder: Path, *, sink: Sink = silent) -> Path:
    """Give `folder`/name, fetched from `url` unless a whole one is there; one process fetches, others wait.

    What came before a broken connection is kept (name.part) and the next call goes on from it.

    Raises:
        WeightsError: it cannot be fetched, or its sha256 is another one.
    """
    path = folder / file.name
    if path.is_file() and _is_whole(path, file):  # also where the folder may only be read
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / f".{file.name}.lock"):
            if path.is_file():
                if _is_whole(path, file):
                    return path
                sink(Event("warning", {"text": f"{path} is damaged: it is fetched again"}))
                path.unlink()
            _download(file, url, path, sink)
    except OSError as error:
        raise WeightsError(f"{error.filename or folder}: cannot keep weights there ({error.strerror})") from error
    return path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(file: WeightsFile, url: str, path: Path, sink: Sink) -> None:
    part = path.with_name(f"{path.name}.part")
    resumed = part.exists()
    _fill(part, url, path, sink)
    if resumed and not _is_whole(part, file):  # the part was of another file: once more, from the beginning
        part.unlink()
        _fill(part, url, path, sink)
    if not _is_whole(part, file):
        came = _sha256(part)
        part.unlink()
        raise WeightsError(f"{url}: expected sha256 {file.sha256}..., got {came[:16]}...: not the published weights")
    part.replace(path)


def _fill(part: Path, url: str, path: Path, sink: Sink) -> None:
    """Fill `part` to its end, going on after broken connections."""
    reason = ""
    for _ in range(_ATTEMPTS):
        try:
            if _receive(part, url, sink):
                return
            reason = "the connection ended early"
        except urllib.error.HTTPError as error:
            if error.code == 416 and part.exists():  # nothing after what is there already
                return
            reason = f"HTTP {error.code} {error.reason}"
            if error.code < 500:
                break
        except urllib.error.URLError as error:
            reason = str(getattr(error.reason, "strerror", None) or error.reason)
        except (HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
            reason = str(error) or type(error).__name__
    raise WeightsError(
        f"could not fetch {url} ({reason}): bring the file to {path} by other means, or give one of your own as weights"
    )


def _receive(part: Path, url: str, sink: Sink) -> bool:
    """Receive what is missing of `part` by one connection; say whether the end was reached."""
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
        done = there if response.status == 206 else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else None
        with part.open("ab" if done else "wb") as out:
            while chunk := response.read(_CHUNK):
                out.write(chunk)
                done += len(chunk)
                if total:
                    sink(Event("progress", {"what": "fetch weights", "done": done, "total": total}))
    return total is None or done == total


def _is_whole(path: Path, file: WeightsFile) -> bool:
    return _sha256(path).startswith(file.sha256)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
