"""The random audit of a run's clusters: the only statement about quality where no truth is known. For admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend import audit_schemas as wire
from backend.deps import Admin, At, Db
from backend.store import audits, images, runs
from backend.store.models import Audit, utc_now
from backend.views import image_out
from ucal.audit import ALLOWED, Share, confidence_of

router = APIRouter(tags=["audits"])


@router.post("/runs/{run_id}/audits", status_code=201)
def begin_audit(at: At, session: Db, person: Admin, run_id: str, body: wire.AuditNew) -> wire.AuditOut:
    """Draw images at random from the clusters as they stand now."""
    run = runs.seen_by(session, person, run_id)
    return _out(session, audits.begin(session, run, at.browser.auditable(session, run), body.images))


@router.get("/runs/{run_id}/audits")
def list_audits(session: Db, person: Admin, run_id: str) -> list[wire.AuditOut]:
    """List a run's audits, newest first."""
    run = runs.seen_by(session, person, run_id)
    return [_out(session, audit) for audit in audits.of_run(session, run.id)]


@router.get("/runs/{run_id}/audits/{audit_id}/next")
def next_to_look_up(
    at: At,
    session: Db,
    person: Admin,
    run_id: str,
    audit_id: str,
    pages: Annotated[int, Query(ge=1, le=10)] = 1,
) -> wire.AuditTask | None:
    """Give the next drawn image, its cluster-mates, and so many pages of 24 of a search; null when all are done."""
    run = runs.seen_by(session, person, run_id)
    audit = audits.get(session, run, audit_id)
    row = audits.next_row(session, audit)
    if row is None:
        return None
    mates = audits.mates(audit, row)
    found = audits.search(audit, row, at.browser.auditable(session, run).features, pages)
    known = images.by_rows(session, run.project_id, [row, *mates, *found])
    return wire.AuditTask(
        image=image_out(known[row]),
        mates=[image_out(known[mate]) for mate in mates],
        found=[image_out(known[other]) for other in found],
    )


@router.post("/runs/{run_id}/audits/{audit_id}/findings")
def add_finding(session: Db, person: Admin, run_id: str, audit_id: str, body: wire.FindingNew) -> wire.AuditOut:
    """Keep what was found of a drawn image. Safe to send again."""
    run = runs.seen_by(session, person, run_id)
    audit = audits.get(session, run, audit_id, lock=True)
    audits.add(session, audit, person, body, utc_now())
    return _out(session, audit)


@router.post("/runs/{run_id}/audits/{audit_id}/undo")
def undo_finding(session: Db, person: Admin, run_id: str, audit_id: str) -> wire.AuditOut:
    """Take back this person's newest finding; refused once the bounds are known."""
    run = runs.seen_by(session, person, run_id)
    audit = audits.get(session, run, audit_id, lock=True)
    audits.undo(session, audit, person)
    return _out(session, audit)


def _out(session: Db, audit: Audit) -> wire.AuditOut:
    found, says = audits.findings(session, audit), audits.assess(session, audit)
    return wire.AuditOut(
        id=audit.id,
        attempt=audit.attempt,
        created_at=audit.created_at,
        images=len(audit.rows),
        done=len(found),
        confidence=confidence_of(audit.attempt),
        wrong=None if says is None else _share(says.wrong),
        missed=None if says is None else _share(says.missed),
        allowed=ALLOWED,
        passed=None if says is None else says.passes(ALLOWED),
        actions=sum(one.actions for one in found),
        seconds=sum(one.seconds for one in found),
    )


def _share(share: Share) -> wire.ShareOut:
    return wire.ShareOut(count=share.count, n=share.n, estimate=share.estimate, upper=share.upper)
