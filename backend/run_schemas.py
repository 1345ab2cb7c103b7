"""What goes over the wire of runs: settings, states, figures, health."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.project_schemas import SecondVotes
from backend.schemas import Body


class RunState(StrEnum):
    """What the state line says. `asking` = waiting for people's answers."""

    QUEUED = "queued"
    EMBEDDING = "embedding"
    CLUSTERING = "clustering"
    ASKING = "asking"
    TRAINING = "training"
    EVALUATING = "evaluating"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)
"""States that a run never leaves."""


class RunNew(Body):
    name: str = Field(default="", max_length=120)
    preset: str | None = None  # of GET /presets, or BENCHMARK:VARIANT of GET /benchmarks; `config` changes its settings
    config: dict[str, Any] = Field(default_factory=dict)  # fields of RunConfig
    votes: int | None = Field(default=None, ge=1, le=9)  # answers by different people a question; None: the project's
    second_votes: SecondVotes | None = None  # which questions want more than one; None: the project's


class Preset(BaseModel):
    name: str
    title: str
    description: str
    config: dict[str, Any]


class BenchmarkVariant(BaseModel):
    preset: str  # what RunNew.preset takes; the seed is for `config` to set
    name: str
    title: str
    answers_of: str | None  # a control: set `budget` to the answers of that variant's run
    config: dict[str, Any]


class Benchmark(BaseModel):
    """A table of a paper, or one of ours: each variant is one run (`ucal benchmark` makes all of them)."""

    name: str
    title: str
    description: str
    format: str  # layout of the data it is for
    variants: list[BenchmarkVariant]  # those that this version can run


class Progress(BaseModel):
    what: str  # embed | cluster | train | evaluate
    done: int
    total: int


class Round(BaseModel):
    """One round's figures; the JSON of `ucal simulate` has the same names (docs/api.md)."""

    model_config = ConfigDict(extra="allow")

    round: int
    answers: int
    actions: int
    human_seconds: float
    inferred: int
    known: int = 0  # pairs known from the data
    conflicts: int
    cost_percent: float
    clusters: int
    outliers: int
    pairwise: dict[str, float] | None  # precision, recall, f1; None without truth
    ari: float | None
    mAP: float | None  # noqa: N815 - its name everywhere
    rank1: float | None
    rank5: float | None
    rank10: float | None
    mINP: float | None  # noqa: N815
    loss: float | None
    cluster_hash: str
    seconds: dict[str, float]
    at: datetime | None = None  # when it ended


class LossPoint(BaseModel):
    step: int  # iterations since the run began
    round: int
    loss: float


class SettingChange(BaseModel):
    """A setting that somebody changed while the run went on; `Run.config` has the newest value."""

    at: datetime
    person: str
    round: int
    setting: str
    before: int | None
    after: int | None


class BudgetChange(Body):
    """Budgets to change; what is left out stays, null takes the limit away."""

    budget: int | None = Field(default=None, ge=0, le=10**12)  # pairs judged in the whole run
    budget_per_round: int | None = Field(default=None, ge=1, le=10**12)
    budget_actions: int | None = Field(default=None, ge=0, le=10**12)


class Run(BaseModel):
    id: str
    project_id: str
    name: str
    state: RunState
    state_since: datetime
    waiting_for: str | None  # in words: "18 answers", "the worker", ...
    round: int
    rounds: int  # how many there will be
    created_at: datetime
    finished_at: datetime | None
    heartbeat_age: float | None  # seconds since the worker was last heard; None: nobody works on it now
    pausing: bool  # pause asked for, not yet reached
    error: str | None  # why it failed, in words, and what happened to the answers
    progress: Progress | None
    config: dict[str, Any]
    asked: int  # questions published so far
    answered: int  # answers that stand; a page is one
    judged: int  # pairs of images that they judge: what `budget` counts
    actions: int  # key presses or clicks that they took, by the cost model
    inferred: int  # pairs settled without being asked
    known: int  # pairs known from the data (tracklets, frames): neither asked nor inferred
    open: int  # questions waiting now
    leased: int
    conflicts: int
    stopped: str | None  # why it ended
    stopping: bool  # it ends after this round, as was asked
    changes: list[SettingChange]  # budgets that were changed on the way, oldest first
    votes: int  # answers by different people that a question wants
    second_votes: SecondVotes  # with votes > 1: which questions
    own_votes: bool  # set for this run; False: the project's, as they are now


class QueueHealth(BaseModel):
    ready: int  # open questions that nobody holds
    leased: int
    oldest: float | None  # seconds since the oldest open question was published


class Pace(BaseModel):
    """How fast people answer."""

    last_hour: int  # answers
    people: int  # who answered in the last hour
    median_seconds: float | None  # of the last 500 answers of people
    newest: datetime | None  # when somebody answered last


class Expected(BaseModel):
    """Questions still to come, told from the last rounds that asked. None: no such round has ended yet."""

    low: int
    expected: int | None
    high: int | None
    rounds: int  # rounds that may still ask, the present one included
    basis: int  # rounds that this is told from
    seconds: float | None  # of people's time for `expected`, at their median


class AnswerCost(BaseModel):
    judged: int  # pairs of images judged (Eq. 7's M)
    actions: int
    seconds: float  # that people took, as measured; answers that were undone included
    percent: float  # Eq. 7: 100 judged / all pairs
    edits: int  # of clusters, that stand; their judged pairs and actions are included


class RunHealth(BaseModel):
    queue: QueueHealth
    pace: Pace
    expected: Expected
    cost: AnswerCost


class RunMetrics(BaseModel):
    rounds: list[Round]
    losses: list[LossPoint]  # thinned to at most 600


class RunAction(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    PROCEED = "proceed"  # close this round's questions and train with the answers so far
    STOP = "stop"  # end the run after this round, with its results
    GO_ON = "go_on"  # do not end it there after all


class RunChange(Body):
    action: RunAction


class RunResult(BaseModel):
    """The same object as `ucal simulate --json` writes."""

    model_config = ConfigDict(extra="allow")
