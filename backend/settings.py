"""Settings of a deployment, from `UCAL_...` in the environment. The only file that reads it.

There are no secrets among them that could have a default: passwords are made at the first start,
session keys are random and stored as hashes.
"""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

KNOWN_PASSWORDS = frozenset({"postgres", "password", "changeme", "change-me", "secret", "admin", "ucal", "example"})
MIB = 2**20


class Settings(BaseSettings):
    """One deployment. A list of folders is separated as in PATH."""

    model_config = SettingsConfigDict(env_prefix="UCAL_", extra="ignore")

    data_dir: Path = Path("ucal-data")  # database (SQLite), runs, uploads, thumbnails
    database_url: str | None = None  # None: SQLite in data_dir
    database_wait: float = Field(default=30.0, ge=0, le=600)  # seconds a request waits for a lost PostgreSQL
    redis_url: str | None = None  # the broker of Celery mode
    mode: Literal["embedded", "celery"] | None = None  # None: celery where there is a redis_url
    import_roots: Annotated[list[Path], NoDecode] = Field(default_factory=list)  # folders that may be imported from
    import_root: Path | None = None  # the same, for one folder
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    https: bool = False  # pages are reached by https: cookies are Secure
    trusted_proxies: Annotated[list[str], NoDecode] = Field(default_factory=lambda: ["127.0.0.1", "::1"])
    # ^ addresses or networks, separated by commas, whose X-Forwarded-For says who calls (sign-in limits); empty: none
    ui_dir: Path = Path(__file__).resolve().parents[1] / "frontend" / "dist"  # the built pages
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    max_upload_mb: int = Field(default=4096, ge=1)  # an uploaded zip, packed
    max_unpacked_mb: int = Field(default=51200, ge=1)  # and unpacked
    max_images: int = Field(default=500_000, ge=1)  # in one project

    @field_validator("import_roots", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(parts, list):
            return value
        for part in filter(None, parts):
            try:
                ip_network(part)
            except ValueError as error:
                message = f"trusted_proxies: expected addresses or networks (10.0.0.0/8), got {part!r}"
                raise ValueError(message) from error
        return [part for part in parts if part]

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.data_dir = self.data_dir.expanduser().absolute()
        roots = [*self.import_roots, *([self.import_root] if self.import_root else [])]
        self.import_roots = [root.expanduser().absolute() for root in roots]
        self.import_root = None
        if any(root == Path("/") for root in self.import_roots):
            raise ValueError("import_roots: expected a folder of data sets, got /")
        self._check_database()
        if self.mode is None:
            self.mode = "celery" if self.redis_url else "embedded"
        if self.mode == "celery" and not self.redis_url:
            raise ValueError("redis_url: expected redis://... in celery mode, got none (set UCAL_REDIS_URL)")
        return self

    def _check_database(self) -> None:
        try:
            url = make_url(self.database)
        except ArgumentError as error:
            raise ValueError("database_url: expected sqlite:///FILE or postgresql+psycopg://...") from error
        if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
            raise ValueError(f"database_url: expected sqlite:/// or postgresql+psycopg://, got {url.drivername}://")
        if url.password is not None and str(url.password).lower() in KNOWN_PASSWORDS:
            raise ValueError("database_url: this password is known to everybody; choose another one")
        if self.mode == "celery" and url.get_backend_name() == "sqlite":
            raise ValueError("database_url: celery mode needs PostgreSQL (postgresql+psycopg://...), got SQLite")

    @property
    def database(self) -> str:
        """Give the database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'ucal.sqlite3'}"

    @property
    def embedded(self) -> bool:
        """Say whether server and worker share one machine and need no broker."""
        return self.mode == "embedded"

    @property
    def broker(self) -> str | None:
        """Give where job messages are sent; None when workers look by themselves."""
        return self.redis_url if self.mode == "celery" else None

    @property
    def runs_dir(self) -> Path:
        """Give the folder of the runs' folders."""
        return self.data_dir / "runs"

    @property
    def thumbs_dir(self) -> Path:
        """Give the folder of resized images."""
        return self.data_dir / "thumbs"

    @property
    def sets_dir(self) -> Path:
        """Give the folder of unpacked uploads and generated data sets, one sub-folder a project."""
        return self.data_dir / "sets"


class ClientSettings(BaseSettings):
    """Where the command line finds a server: `UCAL_URL`, `UCAL_TOKEN`."""

    model_config = SettingsConfigDict(env_prefix="UCAL_", extra="ignore")

    url: str = "http://127.0.0.1:8000"
    token: str | None = None


def inherited() -> dict[str, str]:
    """Give the environment for a process of ours, as this one has it."""
    return dict(os.environ)
