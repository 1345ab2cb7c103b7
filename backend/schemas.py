"""What goes over the wire, under /api/v1. Errors are always `Error`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Error(BaseModel):
    """Every failure."""

    error: str  # the error's name, for machines
    detail: str  # what was expected, what came, what to do, for people


class Role(StrEnum):
    """What a person may do: an admin everything, an annotator answer questions of projects they belong to."""

    ADMIN = "admin"
    ANNOTATOR = "annotator"


# -- people ------------------------------------------------------------------------------------


class SignIn(Body):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class SignInLink(Body):
    token: str = Field(min_length=1, max_length=256)


class Person(BaseModel):
    id: str
    name: str
    role: Role
    active: bool
    created_at: datetime


class PersonNew(Body):
    name: str = Field(min_length=1, max_length=64, pattern=r"^[\w.@-]+$")
    password: str = Field(min_length=10, max_length=256)
    role: Role = Role.ANNOTATOR


class PersonChange(Body):
    password: str | None = Field(default=None, min_length=10, max_length=256)
    role: Role | None = None
    active: bool | None = None


class TokenNew(Body):
    label: str = Field(min_length=1, max_length=64)
    days: int = Field(default=90, ge=1, le=366)


class LinkMade(BaseModel):
    """A one-time sign-in link: `/sign-in#token=...`; shown once."""

    token: str
    expires_at: datetime


class MemberNew(Body):
    person_id: str = Field(min_length=1, max_length=64)


class Token(BaseModel):
    id: str
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenMade(Token):
    secret: str  # shown once


# -- projects and import -----------------------------------------------------------------------


SecondVotes = Literal["all", "large", "surprise"]  # which questions more than one person answers


class ProjectNew(Body):
    name: str = Field(min_length=1, max_length=120)
    description: str = Field(default="", max_length=2000)
    everyone: bool = False  # True: every signed-in person may see it; False: only its members and admins


class ProjectChange(Body):
    name: str | None = Field(default=None, min_length=1, max_length=120)
    description: str | None = Field(default=None, max_length=2000)
    everyone: bool | None = None
    votes: int | None = Field(default=None, ge=1, le=9)  # of questions asked from now on
    second_votes: SecondVotes | None = None
    gold_rate: float | None = Field(default=None, ge=0, le=0.5)


class ImportState(StrEnum):
    NONE = "none"
    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


class ImportReport(BaseModel):
    """How an import does. What it reads is counted in files, or in entries of a zip while that is unpacked."""

    state: ImportState
    source: str  # folder below an allowed root, or the uploaded file's name
    done: int  # files looked at
    total: int
    error: str | None  # why it failed, in words
    bad_files: int
    what: str  # unpack | generate | open: what is being done
    rate: float | None  # a second; None: not known yet
    seconds_left: float | None
    notices: list[str]  # what whoever uses this collection must know


class Project(BaseModel):
    id: str
    name: str
    description: str
    created_at: datetime
    everyone: bool
    images: int  # training images (those that can be asked about)
    queries: int
    gallery: int
    identities: int | None  # None: no truth known
    cameras: int | None
    imported: ImportReport
    runs: int
    active_run: str | None  # the newest run that is not over
    covers: list[str]  # up to 8 image ids, to show what is inside
    votes: int  # answers by different people that a question wants; one more where they disagree and are even
    second_votes: SecondVotes  # with votes > 1: all questions | two groups of 4 or more images | surprising answers
    gold_rate: float  # share of pairs of known truth among the questions, to check people; 0..0.5


Layout = Literal[  # ucal.datasets.FORMATS less `features`, which holds no images
    "auto", "market1501", "dukemtmc", "msmt17", "veri776", "folder", "manifest", "omniglot", "omniglot-small"
]


class BadFileOut(BaseModel):
    path: str
    reason: str


Pattern = Annotated[str, Field(min_length=1, max_length=200)]
"""How names are read: `{identity}_c{camera}_*`; fields identity, camera, tracklet and frame, `*` for anything."""


class ImportFolder(Body):
    path: str = Field(min_length=1, max_length=1000)  # relative to an allowed root
    format: Layout = "auto"
    pattern: Pattern | None = None  # in place of a layout
    manifest: str | None = Field(default=None, max_length=48 * 2**20)  # a CSV whose paths lie below the folder


class PreviewNew(Body):
    """What to look at: a folder on the server, or the names in a zip that is still with the sender."""

    path: str | None = Field(default=None, min_length=1, max_length=1000)
    names: list[Annotated[str, Field(max_length=1000)]] | None = Field(default=None, max_length=500_000)
    format: Layout = "auto"
    pattern: Pattern | None = None
    manifest: str | None = Field(default=None, max_length=48 * 2**20)


class PreviewExample(BaseModel):
    name: str
    split: Literal["train", "query", "gallery"]
    identity: str | None  # None: unlabelled
    camera: int | None


class ImportPreview(BaseModel):
    """What an import would read from names alone; no image is opened for it."""

    format: str  # the layout that was found
    images: int
    queries: int
    gallery: int
    identities: int
    cameras: int
    unlabelled: int  # images without identity
    without_camera: int
    examples: list[PreviewExample]
    refused: int  # files that would be left out
    refused_examples: list[BadFileOut]
    notices: list[str]


class ImportSynth(Body):
    """Generate a data set on the server and import it (the demo's data)."""

    identities: int = Field(default=40, ge=4, le=2000)
    cameras: int = Field(default=4, ge=1, le=32)
    images: int = Field(default=3, ge=1, le=32)  # per identity and camera
    height: int = Field(default=128, ge=32, le=512)
    width: int = Field(default=64, ge=16, le=512)
    scenery: float = Field(default=1.0, ge=0, le=1)  # how much the places stand out: full, so that answers are needed
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


class ImageOut(BaseModel):
    """`/api/v1/images/{id}?size=64|128|256|512|full` gives the pixels."""

    id: str
    row: int
    key: str
    width: int | None
    height: int | None
    camera: int | None


class Folder(BaseModel):
    path: str  # relative to the allowed root
    name: str
    folders: int
    files: int


# -- runs --------------------------------------------------------------------------------------


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
    open: int  # questions waiting now
    leased: int
    conflicts: int
    stopped: str | None  # why it ended
    stopping: bool  # it ends after this round, as was asked
    changes: list[SettingChange]  # budgets that were changed on the way, oldest first


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


# -- questions ---------------------------------------------------------------------------------


class Side(BaseModel):
    images: list[ImageOut]  # the medoid first, then up to 4 exemplars
    size: int  # images in the whole group


class TileOut(BaseModel):
    """One thing to judge on a page: an image, or a group believed to be one identity."""

    images: list[ImageOut]  # the medoid first: it names the tile in an answer; then up to 3 that fit least
    size: int  # images in the whole group
    ticked: bool  # how it starts: the model believes "same as the anchor"


class DisputedOut(BaseModel):
    """One of the answers that cannot all be true."""

    left: ImageOut
    right: ImageOut
    verdict: Literal["same", "different"]  # what people said


class QuestionOut(BaseModel):
    """What to ask. `kind` says what is on the screen and which fields an answer needs (`AnswerNew`).

    pair      left against right
    page      an anchor (left) and 1 to 24 tiles; right repeats the first tile
    conflict  3 or more answers that cannot all be true: which one is wrong? left and right are the first one's
    """

    id: str
    kind: Literal["pair", "page", "conflict"]
    reason: str  # split | merge | conflict | control | calibrate | group | second_look
    round: int
    left: Side  # as stored; the page may swap sides of a pair and says so in `swapped`
    right: Side
    tiles: list[TileOut]  # of a page, else none
    disputed: list[DisputedOut]  # of a conflict, else none: a cycle, the "different" first


class Lease(BaseModel):
    question: QuestionOut
    fence: int  # send it back with the answer
    expires_at: datetime


class LeaseNew(Body):
    count: int = Field(default=12, ge=1, le=50)
    held: list[str] = Field(default_factory=list, max_length=100)  # question ids the page already has


class EmptyReason(StrEnum):
    """Why there is nothing to answer: an honest empty queue."""

    NOT_STARTED = "not_started"  # no run yet, or it has not asked anything yet
    WAITING_FOR_MODEL = "waiting_for_model"
    LEASED_TO_OTHERS = "leased_to_others"
    WAITING_FOR_VOTES = "waiting_for_votes"  # this person answered them all; others have to answer them too
    PAUSED = "paused"
    BUDGET_SPENT = "budget_spent"
    ALL_SETTLED = "all_settled"  # the run is done
    FAILED = "failed"
    CANCELLED = "cancelled"


class QueueProgress(BaseModel):
    """Where the round and the person stand; shown on the page after each answer."""

    round: int
    rounds: int
    answered_round: int  # questions of this round that are settled by answers
    open_round: int  # questions of this round still waiting (leased or not)
    settled_round: int  # questions of this round nobody had to answer: they follow from others
    answered_by_me: int  # questions: a page is one
    answered_total: int
    judged_total: int  # pairs of images that the answers judge: a page judges one a tile
    actions_total: int  # key presses or clicks that the answers took: a page 1 and one a change
    inferred_total: int


class Leases(BaseModel):
    leases: list[Lease]
    progress: QueueProgress
    empty: EmptyReason | None  # set when nobody holds anything for this person and nothing was leased
    empty_detail: str | None
    empty_count: int | None  # leased_to_others: open questions that others hold; waiting_for_votes: that want others
    empty_seconds: float | None  # waiting_for_model: expected wait, from the last round; None: not known yet
    run_state: RunState
    withdrawn: list[str]  # of `held`: those that are settled by now and should be dropped


Word = Literal["same", "different", "unsure", "bad_image"]


class TileJudged(Body):
    """What is said of one tile of a page."""

    image: str = Field(max_length=64)  # id of the tile's first image
    verdict: Word  # of that image: same as the anchor, or not; unsure and bad_image link nothing
    odd: list[str] = Field(default_factory=list, max_length=3)  # mixed: its other images that are not the first's


class AnswerNew(Body):
    """One answer. What it needs depends on the question's kind.

    pair      `verdict`; with bad_image `bad_sides`. Where the right side is a group, `odd` may name images of it
              that are another identity than its first.
    page      `tiles`: each tile that was on the screen. An anchor that is a bad image: `bad_sides` = ["left"],
              and then no tile is same or different (`tiles` may be empty).
    conflict  `wrong`: which of `disputed`, from 0; or `verdict` unsure; or `verdict` bad_image with `bad_images`
    """

    id: str = Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")  # made by the client
    question_id: str = Field(max_length=64)
    verdict: Word | None = None
    bad_sides: list[Literal["left", "right"]] = Field(default_factory=list, max_length=2)  # as stored, not as shown
    odd: list[str] = Field(default_factory=list, max_length=3)
    tiles: list[TileJudged] = Field(default_factory=list, max_length=24)
    wrong: int | None = Field(default=None, ge=0, le=10**6)
    bad_images: list[str] = Field(default_factory=list, max_length=100)
    fence: int | None = None
    seconds: float = Field(default=0.0, ge=0, le=86400)
    swapped: bool = False  # left and right were exchanged on the screen
    shown: list[str] = Field(default_factory=list, max_length=200)  # image ids that were on the screen


class AnswersWish(Body):
    """Which answers to list."""

    mine: bool = True
    limit: int = Field(default=20, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=10**9)
    standing: bool = False  # leave out those that were undone


class TileAnswerOut(BaseModel):
    image: ImageOut  # the tile's first image
    verdict: Word
    odd: list[str]  # ids of its other images that are not the first's identity
    ticked: bool  # how it was shown at first


class AnswerOut(BaseModel):
    id: str
    question_id: str
    kind: Literal["pair", "page", "conflict"]
    verdict: str  # of a page: its first tile's; of a conflict: what is true of the pair that was wrong
    person: str
    at: datetime
    undone: bool
    late: bool  # came after the lease expired; it counts all the same
    bad_sides: list[Literal["left", "right"]]  # as stored
    swapped: bool  # left and right were exchanged on the screen
    seconds: float
    actions: int  # key presses or clicks by the cost model: a page 1 and one a change
    left: ImageOut  # of a page: the anchor; of a conflict: of the pair that was called wrong
    right: ImageOut
    tiles: list[TileAnswerOut]  # of a page
    bad_images: list[str]  # ids of all images that it calls bad


class Answered(BaseModel):
    answer: AnswerOut
    progress: QueueProgress
    withdrawn: list[str]  # question ids this answer settled too
    changed: list[QuestionOut]  # pages this person holds that have fewer tiles by now: replace those not on the screen


class Reversal(BaseModel):
    """What taking an answer back reverses."""

    parts: list[int]  # sizes of the groups of images that come apart (of a page maybe many); empty: none does
    later: int  # answers given after it on images of these groups: they may need a second look


class Undone(BaseModel):
    answer: AnswerOut
    reverses: Reversal
    lease: Lease | None  # that very question again, leased to this person
    progress: QueueProgress


class PersonQuality(BaseModel):
    """One person's answers of a run that stand, and how often they were right where the truth is known."""

    person_id: str
    name: str
    answers: int
    median_seconds: float | None
    gold: int  # "same" or "different" on pairs of known truth that checked this person, in all runs of the project
    gold_right: int
    gold_interval: tuple[float, float] | None  # 95 % (Wilson) of gold_right / gold
    careless: bool  # the whole interval lies below 95 %
    weight: float  # of this person's vote; 1 = of somebody who was not checked yet
    checked: int  # all judged pairs of this run whose images have known identities
    right: int
    interval: tuple[float, float] | None  # 95 % (Wilson) of right / checked


class Vote(BaseModel):
    person: str
    verdict: str
    at: datetime


class Disagreement(BaseModel):
    """A pair of which people say different things."""

    left: ImageOut
    right: ImageOut
    votes: list[Vote]  # oldest first
    verdict: str | None  # what the label memory holds of it now: same | different | unsure; None: not decided yet
    truth: Literal["same", "different"] | None  # what an admin marked


class Disagreements(BaseModel):
    total: int
    items: list[Disagreement]


class Quality(BaseModel):
    """How far people agree, and how often they are right. Only "same" and "different" are compared."""

    people: list[PersonQuality]
    judged_twice: int  # pairs that two or more people judged, checks left out
    alpha: float | None  # Krippendorff's, nominal
    kappa: float | None  # Cohen's, where exactly two people answered
    disagreements: int  # pairs of which people say different things


class GoldPairNew(Body):
    left: str = Field(max_length=64)  # ids of two training images
    right: str = Field(max_length=64)
    same: bool  # what is true of them


class GoldPairOut(BaseModel):
    left: ImageOut
    right: ImageOut
    same: bool


class Gold(BaseModel):
    """Pairs of known truth that a project has to check people with."""

    marked: list[GoldPairOut]  # by admins
    known: int  # training images whose identity the data tell: pairs are drawn from them too


class PracticePair(BaseModel):
    left: ImageOut
    right: ImageOut
    same: bool  # the truth


class PracticeTile(BaseModel):
    image: ImageOut
    ticked: bool  # how it starts
    same: bool  # the truth: the anchor's identity


class Practice(BaseModel):
    """Questions with their truth, to practise on: pairs, then one page. Nothing of it is stored."""

    project_id: str
    project_name: str
    pairs: list[PracticePair]
    anchor: ImageOut
    tiles: list[PracticeTile]


class Release(Body):
    question_ids: list[str] = Field(max_length=100)
    later: bool = False  # to the end of the queue, so that others come first


class Held(Body):
    question_ids: list[str] = Field(max_length=100)


class Session(BaseModel):
    person: Person
    embedded: bool  # one-process mode (the demo)
