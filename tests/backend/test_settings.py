"""Settings refuse what would let anybody in or cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import Settings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"database_url": "mysql://localhost/ucal"}, "expected sqlite:/// or postgresql"),
        ({"database_url": "nonsense"}, "expected sqlite:///FILE"),
        ({"database_url": "postgresql+psycopg://ucal:changeme@db/ucal"}, "known to everybody"),
        ({"database_url": "postgresql+psycopg://ucal:Postgres@db/ucal"}, "known to everybody"),
        ({"mode": "celery"}, "celery mode"),
        ({"mode": "celery", "redis_url": "redis://localhost/0"}, "needs PostgreSQL"),
        ({"mode": "celery", "database_url": "postgresql+psycopg://ucal:x1y2z3@db/ucal"}, "redis_url"),
        ({"import_roots": "/"}, "expected a folder of data sets"),
        ({"port": 70000}, "port"),
        ({"mode": "both"}, "mode"),
        ({"log_level": "loud"}, "log_level"),
        ({"max_upload_mb": 0}, "max_upload_mb"),
        ({"trusted_proxies": "proxy.example"}, "expected addresses or networks"),
        ({"trusted_proxies": ["10.0.0.1/8"]}, "expected addresses or networks"),
    ],
)
def test_nonsense_is_refused_in_words(given: dict[str, object], words: str):
    with pytest.raises(ValidationError, match=words):
        Settings(**given)  # type: ignore[arg-type]


def test_the_environment_is_read_and_folders_are_separated_as_in_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("UCAL_REDIS_URL", "UCAL_MODE", "UCAL_DATABASE_URL", "UCAL_IMPORT_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UCAL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("UCAL_IMPORT_ROOTS", f"{tmp_path}/a:{tmp_path}/b")
    settings = Settings()
    assert settings.import_roots == [tmp_path / "a", tmp_path / "b"]
    assert settings.database == f"sqlite:///{tmp_path}/ucal.sqlite3"
    assert (settings.mode, settings.broker, settings.host) == ("embedded", None, "127.0.0.1")


def test_a_broker_means_celery():
    settings = Settings(redis_url="redis://localhost/0", database_url="postgresql+psycopg://ucal:x1y2z3@db/ucal")
    assert (settings.mode, settings.broker, settings.embedded) == ("celery", "redis://localhost/0", False)
