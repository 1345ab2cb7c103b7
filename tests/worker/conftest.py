"""The worker's store for tests: SQLite in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.toy import Toy, make_toy


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    """Give a store with a project of blobs."""
    made = make_toy(f"sqlite:///{tmp_path}/store.sqlite3", tmp_path)
    yield made
    made.sessions.kw["bind"].dispose()
