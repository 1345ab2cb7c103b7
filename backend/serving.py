"""`ucal serve` and `ucal demo`: the server, and in embedded mode a worker beside it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn

from backend import demo, migrate
from backend.auth import hash_password, make_login_link, new_password
from backend.main import create_app
from backend.observe import configure_logging
from backend.schemas import Role
from backend.settings import Settings, inherited
from backend.store import people
from backend.store.session import SessionFactory, make_engine, make_factory, session_scope
from ucal.errors import UcalError

STOP_SECONDS = 20.0  # a worker ends between two batches
_RESTART_SECONDS = 1.0
Say = Callable[[str], None]


def serve(settings: Settings, say: Say, *, worker: bool = True, with_demo: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM; then end the worker too.

    Raises:
        UcalError: the port is taken, or the database is not at this version.
    """
    configure_logging(settings.log_level)
    prepare(settings)
    listening = _listen(settings)
    url = f"http://{_shown(settings.host)}:{listening.getsockname()[1]}"
    factory = make_factory(make_engine(settings.database), settings.broker)
    _welcome(settings, factory, url, say)
    if with_demo:
        demo.prepare(factory)
        threading.Thread(target=demo.start_run, args=(factory,), daemon=True).start()
    helper = WorkerProcess(settings) if worker and settings.embedded else None
    signal.signal(signal.SIGTERM, _stop)  # uvicorn hands the signal on when it has shut down
    try:
        if helper is not None:
            helper.start()
        _server(settings).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        if helper is not None:
            helper.stop()


def prepare(settings: Settings) -> None:
    """Bring the database to this version (embedded mode), or see that it is.

    Raises:
        UcalError: it is not, or cannot be reached.
    """
    if settings.embedded:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        migrate.upgrade(settings.database)
        return
    engine = make_engine(settings.database)
    try:
        if not migrate.is_current(engine):
            raise UcalError("the database is not at this version: run `ucal migrate`")
    finally:
        engine.dispose()


def first_admin(factory: SessionFactory) -> str | None:
    """Make the first admin where there is nobody yet; give the password, which is kept nowhere."""
    with session_scope(factory) as session:
        if people.everybody(session):
            return None
        password = new_password()
        people.create(session, "admin", hash_password(password), Role.ADMIN)
        return password


def _welcome(settings: Settings, factory: SessionFactory, url: str, say: Say) -> None:
    password = first_admin(factory)
    if password is not None:
        say(f"First start. Name: admin   Password: {password}   (shown this once; change it with `ucal user password`)")
    say(f"UCAL is at {url}")
    if settings.embedded:
        with session_scope(factory) as session:
            admins = people.admins(session)
            token = make_login_link(session, admins[0]) if admins else None
        if token is not None:
            say(f"Sign in (once, within 12 hours): {url}/sign-in#token={token}")


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a body waits 40 ms for its head's receipt
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        where = f"{settings.host}:{settings.port}"
        raise UcalError(f"cannot listen on {where} ({error.strerror}); choose another with --port") from error
    return listening


def _server(settings: Settings) -> uvicorn.Server:
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the application knows which proxies it trusts
        timeout_graceful_shutdown=10,
    )
    return uvicorn.Server(config)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class WorkerProcess:
    """The embedded worker, started again when it dies."""

    def __init__(self, settings: Settings) -> None:
        self._environment = inherited() | {
            "UCAL_DATA_DIR": str(settings.data_dir),
            "UCAL_DATABASE_URL": settings.database,
            "UCAL_MODE": "embedded",
            "UCAL_LOG_LEVEL": settings.log_level,
            "UCAL_IMPORT_ROOTS": ":".join(str(root) for root in settings.import_roots),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="worker", daemon=True)

    def start(self) -> None:
        """Start it, and look after it."""
        self._watcher.start()

    def stop(self) -> None:
        """End it: it puts its work down between two batches; killed where it does not."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._watcher.join(_RESTART_SECONDS + 1)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            command = [sys.executable, "-m", "worker", "--embedded", "--with-parent"]
            self._process = subprocess.Popen(command, env=self._environment, start_new_session=True)
            if self._stopping.is_set():
                self._process.terminate()
            self._process.wait()
            self._stopping.wait(_RESTART_SECONDS)
