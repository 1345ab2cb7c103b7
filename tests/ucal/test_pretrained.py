"""Fetching weights: cached, checked, resumed, and plain words without a network. The server is local."""

from __future__ import annotations

import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from ucal.backbones import build
from ucal.config import RunConfig
from ucal.errors import WeightsError
from ucal.events import Event
from ucal.pretrained import IMAGENET_FILES, WeightsFile, cache_folder, fetch, imagenet_weights

CONTENT = bytes(range(256)) * 4096  # 1 MiB
FILE = WeightsFile("net.pth", hashlib.sha256(CONTENT).hexdigest())


class Server(ThreadingHTTPServer):
    """A file server that notes what was asked, may break connections, and may not know ranges."""

    content = CONTENT
    knows_ranges = True
    status = 200
    cut: list[int]  # bytes after which the next connections break
    asked: list[str | None]  # the Range header of each request


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wished = self.headers.get("Range")
        self.server.asked.append(wished)
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        start = int(wished.removeprefix("bytes=").removesuffix("-")) if wished and self.server.knows_ranges else 0
        if start and start >= len(self.server.content):
            self.send_error(416)
            return
        rest = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.server.cut.pop(0)] if self.server.cut else rest)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        made.cut, made.asked = [], []
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/net.pth"


def test_a_file_is_fetched_once_and_then_taken_from_the_cache(server: Server, tmp_path: Path) -> None:
    path = fetch(FILE, url(server), tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert fetch(FILE, url(server), tmp_path / "cache") == path
    assert server.asked == [None]
    assert [p.name for p in (tmp_path / "cache").iterdir() if not p.name.startswith(".")] == ["net.pth"]


def test_a_broken_connection_goes_on_where_it_ended(server: Server, tmp_path: Path) -> None:
    server.cut = [300_000, 100_000]
    assert fetch(FILE, url(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", "bytes=400000-"]


def test_the_next_call_goes_on_from_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.cut = [1000, 1000, 1000]
    with pytest.raises(WeightsError, match="the connection ended early"):
        fetch(FILE, url(server), tmp_path)
    assert (tmp_path / "net.pth.part").stat().st_size == 3000
    assert fetch(FILE, url(server), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=3000-"


def test_a_server_without_ranges_sends_all_of_it_again(server: Server, tmp_path: Path) -> None:
    server.knows_ranges = False
    (tmp_path / "net.pth.part").write_bytes(CONTENT[:5000])
    assert fetch(FILE, url(server), tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_complete_needs_no_more_bytes(server: Server, tmp_path: Path) -> None:
    (tmp_path / "net.pth.part").write_bytes(CONTENT)
    assert fetch(FILE, url(server), tmp_path).read_bytes() == CONTENT


def test_a_part_of_another_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "net.pth.part").write_bytes(b"x" * 5000)
    assert fetch(FILE, url(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=5000-", None]


def test_other_content_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(WeightsError, match="expected sha256 .* not the published weights"):
        fetch(FILE, url(server), tmp_path)
    assert not [p for p in tmp_path.iterdir() if not p.name.startswith(".")]


def test_a_prefix_of_the_hash_is_checked_too(server: Server, tmp_path: Path) -> None:
    assert fetch(WeightsFile("net.pth", FILE.sha256[:8]), url(server), tmp_path).is_file()
    with pytest.raises(WeightsError, match="expected sha256 00000000"):
        fetch(WeightsFile("other.pth", "00000000"), url(server), tmp_path)


def test_a_damaged_file_of_the_cache_is_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(CONTENT[:100])
    events: list[Event] = []
    assert fetch(FILE, url(server), tmp_path, sink=events.append).read_bytes() == CONTENT
    assert events[0].name == "warning"
    assert events[-1].values == {"what": "fetch weights", "done": len(CONTENT), "total": len(CONTENT)}


def test_a_missing_file_is_said_at_once(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(WeightsError, match="HTTP 404 Not Found"):
        fetch(FILE, url(server), tmp_path)
    assert len(server.asked) == 1


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        fetch(FILE, "http://127.0.0.1:9/net.pth", tmp_path)
    text = str(caught.value)
    assert text.startswith("could not fetch http://127.0.0.1:9/net.pth (")
    assert f"bring the file to {tmp_path / 'net.pth'} by other means" in text
    assert "\n" not in text


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_broken_tls_record_is_a_broken_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS faults while reading are neither ConnectionError nor URLError: each attempt goes on, and ends in words."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(make, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    sent: list[int] = []

    def serve(listening: socket.socket) -> None:
        for _ in range(3):
            plain, _ = listening.accept()
            speaking = context.wrap_socket(plain, server_side=True)
            speaking.recv(65536)
            there = sum(sent)
            speaking.sendall(f"HTTP/1.1 206 Partial\r\nContent-Length: {len(CONTENT) - there}\r\n\r\n".encode())
            speaking.sendall(CONTENT[there : there + 1000])
            sent.append(1000)
            with socket.socket(fileno=speaking.detach()) as raw:  # what follows is no TLS record
                raw.sendall(b"garbage that is no record" * 40)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        with pytest.raises(WeightsError, match=r"could not fetch https://.*SSL"):
            fetch(FILE, f"https://127.0.0.1:{listening.getsockname()[1]}/net.pth", tmp_path / "cache")
        thread.join()
    assert len(sent) == 3


def test_a_cache_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot keep weights there"):
        fetch(FILE, url(server), tmp_path / "file" / "cache")


def test_published_names_end_in_the_hash_that_is_checked() -> None:
    for file in IMAGENET_FILES.values():
        assert len(file.sha256) in (8, 64)
        assert file.name.removesuffix(".pth").endswith(f"-{file.sha256[:8]}")


def test_imagenet_weights_of_a_backbone_are_fetched_and_loaded(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = RunConfig(backbone="resnet18", seed=5)
    wanted = {k: v for k, v in build(config).state_dict().items() if not k.startswith("head.")}
    torch.save(wanted | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}, tmp_path / "w.pth")
    server.content = (tmp_path / "w.pth").read_bytes()
    name = f"resnet18-{hashlib.sha256(server.content).hexdigest()[:8]}.pth"
    file = WeightsFile(name, hashlib.sha256(server.content).hexdigest())
    monkeypatch.setitem(IMAGENET_FILES, "resnet18", file)
    monkeypatch.setenv("UCAL_WEIGHTS_URL", url(server).removesuffix("net.pth"))
    monkeypatch.setenv("UCAL_WEIGHTS_DIR", str(tmp_path / "cache"))
    got = build(config.replace(seed=6, weights="imagenet")).state_dict()
    assert all(torch.equal(got[key], wanted[key]) for key in wanted)
    assert (tmp_path / "cache" / name).is_file()


def test_a_backbone_without_imagenet_weights_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"expected a backbone that has them \(resnet18, .*\), got 'small'"):
        imagenet_weights("small")


def test_the_cache_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UCAL_WEIGHTS_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "ucal" / "weights"
    monkeypatch.setenv("UCAL_WEIGHTS_DIR", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
