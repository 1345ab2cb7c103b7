"""Runs: make, watch, control."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from backend import health, run_schemas
from backend.configs import benchmarks, run_config
from backend.deps import Admin, At, Db, SignedIn
from backend.exports import read_result
from backend.store import projects, runs
from backend.store.models import utc_now
from backend.views import run_out
from ucal.presets import PRESETS

router = APIRouter(tags=["runs"])


@router.get("/presets")
def list_presets(_: SignedIn) -> list[run_schemas.Preset]:
    """List named settings to start a run from."""
    return [
        run_schemas.Preset(name=p.name, title=p.title, description=p.description, config=p.config.to_dict())
        for p in PRESETS
    ]


@router.get("/benchmarks")
def list_benchmarks(_: SignedIn) -> list[run_schemas.Benchmark]:
    """List the tables of `ucal benchmark`, whose variants are runs."""
    return benchmarks()


@router.get("/projects/{project_id}/runs")
def list_runs(session: Db, person: SignedIn, project_id: str) -> list[run_schemas.Run]:
    """List a project's runs, newest first."""
    project = projects.get(session, person, project_id)
    now = utc_now()
    return [run_out(session, run, now, person) for run in runs.of_project(session, project.id)]


@router.post("/projects/{project_id}/runs", status_code=201)
def create_run(at: At, session: Db, person: Admin, project_id: str, body: run_schemas.RunNew) -> run_schemas.Run:
    """Queue a run: a preset's settings, changed by `config` (fields of RunConfig); its own votes, or the project's."""
    project = projects.get(session, person, project_id)
    config = run_config(body, at.settings, project)
    run = runs.create(session, project, body.name, config, (body.votes, body.second_votes))
    return run_out(session, run, utc_now())


@router.get("/runs/{run_id}")
def get_run(session: Db, person: SignedIn, run_id: str) -> run_schemas.Run:
    """Show a run; poll it every 2 s."""
    return run_out(session, runs.seen_by(session, person, run_id), utc_now(), person)


@router.patch("/runs/{run_id}")
def control_run(session: Db, person: Admin, run_id: str, body: run_schemas.RunChange) -> run_schemas.Run:
    """Pause, resume, cancel or end a run after its round, or let it go on with the answers so far."""
    runs.seen_by(session, person, run_id)
    now = utc_now()
    return run_out(session, runs.control(session, run_id, body.action, now), now)


@router.patch("/runs/{run_id}/budget")
def change_budget(session: Db, person: Admin, run_id: str, body: run_schemas.BudgetChange) -> run_schemas.Run:
    """Change how many answers or actions a run may take; noted with the run, and heeded from the next step on."""
    runs.seen_by(session, person, run_id)
    changes = body.model_dump(exclude_unset=True)
    now = utc_now()
    return run_out(session, runs.change_budget(session, run_id, person, changes, now), now)


@router.get("/runs/{run_id}/health")
def run_health(session: Db, person: SignedIn, run_id: str) -> run_schemas.RunHealth:
    """Say how the queue does, how fast people are, what the answers cost, and how many questions are to be expected."""
    return health.of_run(session, runs.seen_by(session, person, run_id), utc_now(), person)


@router.get("/runs/{run_id}/metrics")
def run_metrics(session: Db, person: SignedIn, run_id: str) -> run_schemas.RunMetrics:
    """Give each round's figures and the loss curve."""
    run = runs.seen_by(session, person, run_id)
    ended = runs.ended(session, run.id)
    rounds = [run_schemas.Round(**report, at=ended.get(report["round"])) for report in runs.reports(session, run.id)]
    points = [run_schemas.LossPoint(step=p.step, round=p.round, loss=p.loss) for p in runs.losses(session, run.id)]
    return run_schemas.RunMetrics(rounds=rounds, losses=points)


@router.get("/runs/{run_id}/result")
def run_result(at: At, session: Db, person: SignedIn, run_id: str) -> run_schemas.RunResult:
    """Give a finished run's result: the object that `ucal simulate --json` writes; 409 until it is done."""
    run = runs.seen_by(session, person, run_id)
    result: dict[str, Any] = read_result(at.settings.runs_dir, run)
    return run_schemas.RunResult(**result)
