"""Random audits: images drawn from the clusters as they stand, looked up by people, and the bound that follows.

The clusters are kept with the audit, so that answers given meanwhile do not change what it is about.
Its number counts all audits of the project: each later one is held to more confidence, so that
trying again until one passes proves nothing (`ucal.audit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.audit_schemas import FindingNew
from backend.errors import AnswerConflictError, ConflictError, InvalidError, NotFoundError
from backend.store import images
from backend.store.models import Audit, AuditFinding, Person, Project, Run
from ucal import audit as core
from ucal.costs import page_cost
from ucal.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Clusters:
    """What is audited: labels (n,), -1 = alone; features (n, d) to search with; bad images are not drawn."""

    labels: IntArray
    features: FloatArray
    bad: IntArray


def begin(session: Session, run: Run, clusters: Clusters, count: int) -> Audit:
    """Draw images for a new audit."""
    session.scalars(select(Project).where(Project.id == run.project_id).with_for_update()).one()  # one number each
    query = select(func.count()).select_from(Audit).where(Audit.project_id == run.project_id)
    attempt = (session.scalar(query) or 0) + 1
    seed = int(run.config["seed"])
    rows = core.draw(len(clusters.labels), count, seed, attempt, clusters.bad.tolist())
    made = Audit(
        project_id=run.project_id,
        run_id=run.id,
        attempt=attempt,
        seed=seed,
        labels=clusters.labels.tolist(),
        rows=rows.tolist(),
    )
    session.add(made)
    session.flush()
    return made


def of_run(session: Session, run_id: str) -> Sequence[Audit]:
    """Give a run's audits, newest first."""
    return session.scalars(select(Audit).where(Audit.run_id == run_id).order_by(Audit.attempt.desc())).all()


def get(session: Session, run: Run, audit_id: str, *, lock: bool = False) -> Audit:
    """Give an audit of a run.

    Raises:
        NotFoundError: there is none with this id.
    """
    query = select(Audit).where(Audit.id == audit_id, Audit.run_id == run.id)
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFoundError(f"no audit {audit_id!r} of this run")
    return found


def findings(session: Session, audit: Audit) -> list[AuditFinding]:
    """Give what was found so far, by rising row."""
    query = select(AuditFinding).where(AuditFinding.audit_id == audit.id).order_by(AuditFinding.row)
    return list(session.scalars(query))


def next_row(session: Session, audit: Audit) -> int | None:
    """Give the first drawn row that nobody has looked up; None when all are done."""
    done = set(session.scalars(select(AuditFinding.row).where(AuditFinding.audit_id == audit.id)))
    return next((row for row in audit.rows if row not in done), None)


def mates(audit: Audit, row: int) -> list[int]:
    """Give the cluster-mates of a row to look at."""
    labels = np.array(audit.labels, np.int64)
    return [int(mate) for mate in core.mates_to_show(row, labels, audit.seed, audit.attempt)]


def search(audit: Audit, row: int, features: FloatArray, pages: int) -> list[int]:
    """Give the most similar row of each other cluster, best first, so many pages of 24."""
    labels = np.array(audit.labels, np.int64)
    return [int(found) for found in core.search(row, labels, features, pages * core.TILES)]


def add(session: Session, audit: Audit, person: Person, body: FindingNew, now: datetime) -> None:
    """Keep what was found of a drawn image, whose audit is locked; the same again changes nothing.

    A cluster that was found counts whole: what it holds of other identities makes the bound wider,
    never narrower.

    Raises:
        InvalidError: an image that was not drawn, or not shown beside it.
        AnswerConflictError: something else was found of this image before.
    """
    known = images.rows_by_id(session, audit.project_id, [body.image, *body.wrong, *body.elsewhere])
    strange = [id_ for id_ in (body.image, *body.wrong, *body.elsewhere) if id_ not in known]
    if strange or known[body.image] not in audit.rows:
        raise InvalidError(
            f"image: expected one that was drawn and others of this project, got {(strange or [body.image])[0]!r}"
        )
    row, shown = known[body.image], mates(audit, known[body.image])
    wrong = sorted({known[id_] for id_ in body.wrong})
    elsewhere = _whole(audit, row, {known[id_] for id_ in body.elsewhere})
    if not set(wrong) <= set(shown):
        raise InvalidError("wrong: expected some of the cluster-mates that were shown")
    before = session.get(AuditFinding, (audit.id, row))
    if before is not None:
        if (before.wrong, before.elsewhere) != (wrong, elsewhere):
            raise AnswerConflictError("this image was looked up before, with another result")
        return
    costs = [page_cost(len(shown), len(wrong))] if shown else []
    costs += [page_cost(core.TILES, len(body.elsewhere) if page == 0 else 0) for page in range(body.pages)]
    finding = AuditFinding(
        audit_id=audit.id,
        row=row,
        shown=shown,
        wrong=wrong,
        elsewhere=elsewhere,
        person_id=person.id,
        at=now,
        actions=sum(cost.actions for cost in costs),
        seconds=body.seconds,
    )
    session.add(finding)
    session.flush()


def undo(session: Session, audit: Audit, person: Person) -> None:
    """Take back a person's newest finding of an audit, which is locked.

    Raises:
        ConflictError: all images are looked up (who knows the bounds may not change what they stand on),
            or this person has found nothing yet.
    """
    found = findings(session, audit)
    if len(found) == len(audit.rows):
        raise ConflictError("all images of this audit were looked up and its bounds told: nothing is taken back")
    own = [one for one in found if one.person_id == person.id]
    if not own:
        raise ConflictError("nothing to take back: you looked up no image of this audit yet")
    session.delete(max(own, key=lambda one: (one.at, one.row)))
    session.flush()


def _whole(audit: Audit, row: int, found: set[int]) -> list[int]:
    labels = np.array(audit.labels, np.int64)
    inside = [other for other in found if other == row or (labels[row] >= 0 and labels[other] == labels[row])]
    if inside:
        raise InvalidError("elsewhere: expected images of other clusters than the drawn image's")
    clusters = np.unique(labels[sorted(found)]) if found else np.zeros(0, np.int64)
    rows = np.flatnonzero(np.isin(labels, clusters[clusters >= 0])).tolist()
    return sorted({*rows, *found})


def assess(session: Session, audit: Audit) -> core.Audit | None:
    """Bound the shares of wrong and missed links; None until every drawn image was looked up."""
    found = findings(session, audit)
    if len(found) < len(audit.rows):
        return None
    made = [
        core.Finding(one.row, tuple(one.shown), tuple(one.wrong), tuple(one.elsewhere), one.actions, one.seconds)
        for one in found
    ]
    return core.assess(np.array(audit.labels, np.int64), made, audit.seed, audit.attempt)
