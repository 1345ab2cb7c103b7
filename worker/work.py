"""Work: what a worker process has at hand."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from backend.settings import Settings
from backend.store.session import SessionFactory
from ucal.build import Surroundings, build
from ucal.config import RunConfig
from ucal.datasets.dataset import Dataset
from ucal.loop import Parts

if TYPE_CHECKING:
    from worker.bench import Bench

Builder = Callable[[RunConfig, Dataset, Surroundings], Parts]


@dataclass(slots=True)
class Work:
    """One worker process: where the store and the files are, and what it holds in memory."""

    sessions: SessionFactory
    settings: Settings
    owner: str  # its name in leases: host:pid:random
    stopping: Event = field(default_factory=Event)  # set: finish no step, take no job
    busy: Event = field(default_factory=Event)  # set while a job is being done
    bench: Bench | None = None  # the parts of the run it worked on last
    build: Builder = build  # puts a run's parts together
    look_seconds: float = 1.0  # between two looks at what is asked of the worker (pause, cancel)


def owner_name() -> str:
    """Make this process's name in leases; the host and the process can be read from it."""
    return f"{_host()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """Say whether this owner was a process of this host that is gone."""
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if host != _host() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _host() -> str:
    return socket.gethostname().replace(":", "-")[:40]
