"""The tables. One file, so that the whole store can be read at once.

people, sessions, login_links, api_tokens, login_attempts    who may come in
projects, members, images, bad_files                         what is labelled
runs, questions, question_leases, waiting, answers, rounds, losses   the work; `answers` is append-only
edits                                                        what people did to clusters; append-only
gold_pairs                                                   pairs whose truth an admin has said
audits, audit_findings                                       images drawn at random, and what was found of each
jobs, workers                                                what waits to be done, and who does it
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """Give the server's clock, UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Make an id that cannot be guessed: 128 random bits, 22 characters that are safe in a URL."""
    return secrets.token_urlsafe(16)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware and UTC on both sides, also where the database forgets the zone (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a moment with its time zone, got {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


PAIRS = BigInteger().with_variant(Integer(), "sqlite")  # counts pairs of images; SQLite's integers are as wide


class Base(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: String(64),
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[int]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
        list[list[Any]]: JSON,
        float: Float(53),
    }


def _cascade(column: str) -> ForeignKey:
    return ForeignKey(column, ondelete="CASCADE")


# -- people ------------------------------------------------------------------------------------


class Person(Base):
    """Somebody who may come in."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(256))  # None: only by a one-time link
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class LoginSession(Base):
    """A signed-in browser. The cookie's value is not kept, only its hash."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(_cascade("people.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # absolute


class LoginLink(Base):
    """A sign-in link that works once."""

    __tablename__ = "login_links"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(_cascade("people.id"), index=True)
    expires_at: Mapped[datetime]


class ApiToken(Base):
    """A program's key, hashed."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(_cascade("people.id"), index=True)
    label: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """A failed sign-in, kept to slow down guessing. `key` is `name:...` or `address:...`."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index(None, "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime]


# -- projects ----------------------------------------------------------------------------------


class Project(Base):
    """A collection of images. The counts are written once, by the import."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    everyone: Mapped[bool] = mapped_column(default=False)  # False: only its members see it
    source_path: Mapped[str | None] = mapped_column(String(2000))  # the data set's root on the server
    source_format: Mapped[str | None] = mapped_column(String(32))
    import_state: Mapped[str] = mapped_column(String(16), default="none")
    import_source: Mapped[str] = mapped_column(String(1000), default="")
    import_done: Mapped[int] = mapped_column(default=0)
    import_total: Mapped[int] = mapped_column(default=0)
    import_what: Mapped[str] = mapped_column(String(16), default="")  # unpack | generate | open
    import_since: Mapped[datetime | None]  # when that began
    import_error: Mapped[str | None] = mapped_column(Text)
    notices: Mapped[list[str]] = mapped_column(default=list)  # what whoever uses this collection must know
    n_train: Mapped[int] = mapped_column(default=0)
    n_query: Mapped[int] = mapped_column(default=0)
    n_gallery: Mapped[int] = mapped_column(default=0)
    n_identities: Mapped[int | None]  # None: no truth known
    n_cameras: Mapped[int | None]
    n_bad_files: Mapped[int] = mapped_column(default=0)
    covers: Mapped[list[str]] = mapped_column(default=list)  # up to 8 image ids
    n_links: Mapped[int] = mapped_column(default=0)  # pairs of images that tracklets and frames say something of
    imported_links: Mapped[bool] = mapped_column(default=True)  # new runs take them, or as they are set
    votes: Mapped[int] = mapped_column(default=1)  # answers by different people that a question wants
    second_votes: Mapped[str] = mapped_column(
        String(16), default="all"
    )  # all | large | surprise: which want more than 1
    gold_rate: Mapped[float] = mapped_column(default=0.0)  # share of known pairs among the questions, to check people


class Member(Base):
    """Who sees a project that is not for everyone."""

    __tablename__ = "members"

    project_id: Mapped[str] = mapped_column(_cascade("projects.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(_cascade("people.id"), primary_key=True, index=True)


class Image(Base):
    """One image; `row` is its fixed index in its split."""

    __tablename__ = "images"
    __table_args__ = (Index(None, "project_id", "split", "row", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(_cascade("projects.id"))
    split: Mapped[str] = mapped_column(String(8))  # train | query | gallery
    row: Mapped[int]
    key: Mapped[str] = mapped_column(String(1000))
    path: Mapped[str] = mapped_column(String(2000))
    identity: Mapped[int | None]
    camera: Mapped[int | None]
    tracklet: Mapped[str | None] = mapped_column(String(200))
    frame: Mapped[str | None] = mapped_column(String(200))
    time: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]


class GoldPair(Base):
    """A pair of training rows whose truth an admin has said; left_row < right_row."""

    __tablename__ = "gold_pairs"

    project_id: Mapped[str] = mapped_column(_cascade("projects.id"), primary_key=True)
    left_row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    right_row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    same: Mapped[bool]


class BadFile(Base):
    """A file that could not be taken, and why."""

    __tablename__ = "bad_files"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    project_id: Mapped[str] = mapped_column(_cascade("projects.id"), index=True)
    path: Mapped[str] = mapped_column(String(2000))
    reason: Mapped[str] = mapped_column(Text)


# -- runs --------------------------------------------------------------------------------------


class Run(Base):
    """One run of the loop. `core_state` is the core's own State as text; `version` guards it."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(_cascade("projects.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    config: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    state_since: Mapped[datetime] = mapped_column(default=utc_now)
    before_pause: Mapped[str | None] = mapped_column(String(16))  # the state to go back to
    control: Mapped[str] = mapped_column(String(16), default="none")  # none | pause | cancel | proceed
    core_state: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=0)
    inferred: Mapped[int] = mapped_column(PAIRS, default=0)
    known: Mapped[int] = mapped_column(PAIRS, default=0)  # pairs that follow from the data's own links
    conflicts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[dict[str, Any] | None]  # {"what", "done", "total"}
    stopped: Mapped[str | None] = mapped_column(Text)  # why it ended
    error: Mapped[str | None] = mapped_column(Text)  # why it failed, in words
    stop_after: Mapped[bool] = mapped_column(default=False)  # end it after the present round
    changes: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # of settings, on the way: who, when, what
    votes: Mapped[int | None]  # answers by different people that a question wants; None: as many as in the project
    second_votes: Mapped[str | None] = mapped_column(String(16))  # which want more than 1; None: as in the project
    lease_owner: Mapped[str | None]  # the worker that holds it
    lease_expires: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]


class Question(Base):
    """A question that was published. Its id is unique within its run."""

    __tablename__ = "questions"
    __table_args__ = (Index(None, "run_id", "state", "ordinal"),)

    run_id: Mapped[str] = mapped_column(_cascade("runs.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default="pair")  # pair | card | page | conflict
    reason: Mapped[str] = mapped_column(String(16))
    round: Mapped[int]
    stage: Mapped[str] = mapped_column(String(16), default="")
    ordinal: Mapped[int]  # best first; grows over the whole run
    left_row: Mapped[int]
    right_row: Mapped[int]
    left_rows: Mapped[list[int]]
    right_rows: Mapped[list[int]]
    left_size: Mapped[int]
    right_size: Mapped[int]
    similarity: Mapped[float]
    tiles: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # every tile that it was ever published with
    live: Mapped[list[list[Any]]] = mapped_column(default=list)  # those to show now: [medoid, how many of its rows]
    disputed: Mapped[list[list[Any]]] = mapped_column(default=list)  # of a conflict: [left, right, what is said]
    gain: Mapped[float] = mapped_column(default=0.0)
    opened_at: Mapped[datetime | None] = mapped_column(default=utc_now)  # when it was published
    state: Mapped[str] = mapped_column(String(16), default="open")  # open | answered | settled | closed; gold | checked
    lease_fence: Mapped[int] = mapped_column(default=0)  # of the newest lease
    votes_base: Mapped[int] = mapped_column(default=1)  # answers by different people that it wants
    votes_wanted: Mapped[int] = mapped_column(default=1)  # the same, one more while people disagree
    n_votes: Mapped[int] = mapped_column(default=0)  # those that stand
    gold: Mapped[str | None] = mapped_column(String(16))  # the truth, of a check: same | different; page: in its tiles
    gold_person: Mapped[str | None]  # who is checked by it


class QuestionLease(Base):
    """A question in somebody's hands, until `expires_at` by the server's clock."""

    __tablename__ = "question_leases"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "question_id"], ["questions.run_id", "questions.id"], ondelete="CASCADE"),
        Index(None, "run_id", "person_id"),
    )

    run_id: Mapped[str] = mapped_column(primary_key=True)
    question_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    fence: Mapped[int]
    expires_at: Mapped[datetime]


class Waiting(Base):
    """Somebody whose page asked for questions a moment ago and got none."""

    __tablename__ = "waiting"

    run_id: Mapped[str] = mapped_column(_cascade("runs.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Answer(Base):
    """One event of the append-only log; `seq` is its order. An undo is an event with `retracts`."""

    __tablename__ = "answers"
    __table_args__ = (
        Index(None, "run_id", "id", unique=True),
        Index(None, "run_id", "question_id"),
        Index(None, "run_id", "person_id", "seq"),
        Index(None, "run_id", "retracts"),
        Index(None, "run_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(_cascade("runs.id"))
    id: Mapped[str] = mapped_column(String(80))  # made by the client
    question_id: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16), default="pair")  # of its question
    left_row: Mapped[int]
    right_row: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(16))
    tiles: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # what is said of each tile
    judged: Mapped[int] = mapped_column(default=1)  # pairs; of an undo 0, here and below
    actions: Mapped[int] = mapped_column(default=1)  # key presses or clicks, by the cost model
    bad_rows: Mapped[list[int]] = mapped_column(default=list)
    person_id: Mapped[str] = mapped_column(default="")  # no foreign key: answers outlive people
    source: Mapped[str] = mapped_column(String(16), default="people")  # people | gold | votes | oracle | import
    counts: Mapped[bool] = mapped_column(default=True)  # enters the label memory; False: a vote among several, a check
    round: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    shown: Mapped[list[str]] = mapped_column(default=list)  # image ids that were on the screen
    swapped: Mapped[bool] = mapped_column(default=False)
    fence: Mapped[int | None]
    late: Mapped[bool] = mapped_column(default=False)
    retracts: Mapped[str | None] = mapped_column(String(80))
    body_hash: Mapped[str] = mapped_column(default="")


class Edit(Base):
    """What somebody did to a cluster: an event of an append-only log; an undo is an event with `retracts`."""

    __tablename__ = "edits"
    __table_args__ = (Index(None, "run_id", "id", unique=True), Index(None, "run_id", "retracts"))

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(_cascade("runs.id"))
    id: Mapped[str] = mapped_column(String(80))  # made by the client
    kind: Mapped[str] = mapped_column(String(16))  # split | unmerge | lock | name
    groups: Mapped[list[list[Any]]] = mapped_column(default=list)  # rows, as in `ucal.types.Answer`
    text: Mapped[str] = mapped_column(String(120), default="")
    person_id: Mapped[str]  # no foreign key: edits outlive people
    round: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    retracts: Mapped[str | None] = mapped_column(String(80))
    body_hash: Mapped[str] = mapped_column(default="")


class Audit(Base):
    """A random audit of a run's clusters as they stood when it began."""

    __tablename__ = "audits"
    __table_args__ = (Index(None, "project_id", "attempt", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(_cascade("projects.id"))
    run_id: Mapped[str] = mapped_column(_cascade("runs.id"), index=True)
    attempt: Mapped[int]  # 1, 2, ... over all audits of the project
    seed: Mapped[int]
    labels: Mapped[list[int]]  # of every training row; -1 = alone
    rows: Mapped[list[int]]  # those drawn
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AuditFinding(Base):
    """What was found of one drawn image."""

    __tablename__ = "audit_findings"

    audit_id: Mapped[str] = mapped_column(_cascade("audits.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shown: Mapped[list[int]]
    wrong: Mapped[list[int]]
    elsewhere: Mapped[list[int]]
    person_id: Mapped[str]
    at: Mapped[datetime]
    actions: Mapped[int]
    seconds: Mapped[float]


class Round(Base):
    """One round's report, as the core made it."""

    __tablename__ = "rounds"

    run_id: Mapped[str] = mapped_column(_cascade("runs.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    report: Mapped[dict[str, Any]]
    at: Mapped[datetime | None] = mapped_column(default=utc_now)  # when it ended; None: before this was noted


class Loss(Base):
    """One point of the loss curve."""

    __tablename__ = "losses"

    run_id: Mapped[str] = mapped_column(_cascade("runs.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # iterations since the run began
    round: Mapped[int]
    loss: Mapped[float]


# -- work --------------------------------------------------------------------------------------


class Job(Base):
    """Something that waits to be done. One row a `key`, however often it was asked for.

    `wanted` counts the calls; `taken` is what `wanted` was when a worker took the job. Where they
    differ at the end, somebody called in the meantime and the job runs again.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "run_at"),)

    key: Mapped[str] = mapped_column(String(100), primary_key=True)  # `advance_run:<id>`, `import:<project>`
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), default="waiting")  # waiting | running | idle | failed
    run_at: Mapped[datetime]
    wanted: Mapped[int] = mapped_column(default=1)
    taken: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)  # since it last went well
    lease_owner: Mapped[str | None]
    lease_expires: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class Worker(Base):
    """A worker process that was heard of."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
