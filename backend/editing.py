"""Edits of clusters: check what was asked against the clusters as they stand, and add it to the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from backend import jobs
from backend.cluster_schemas import EditNew, Parting
from backend.clusters import Browser
from backend.errors import AnswerConflictError, InvalidError, NotFoundError, StaleError, StateError
from backend.run_schemas import OVER
from backend.store import answers, edits, images, runs, settling
from backend.store.models import Edit, Person, Run
from ucal.overview import Overview
from ucal.types import IntArray

MOST_PAIRS = 20_000  # that one split may keep apart

Groups = list[list[int]]


def version_of(rows: IntArray) -> str:
    """Name a cluster by the rows in it: an edit is refused when they are others than those that were seen."""
    return hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()[:16]


def edit(session: Session, browser: Browser, run: Run, person: Person, body: EditNew) -> Edit:
    """Add an edit and wake the run. The same id and body again gives the first result.

    Raises:
        NotFoundError: no such image in this run's project.
        AnswerConflictError: the id was used for another edit.
        StaleError: the cluster is another one than was seen.
        StateError: the cluster is locked, or its answers contradict each other.
        InvalidError: what was asked makes no edit.
    """
    runs.get(session, run.id, lock=True)  # edits come one after another
    digest = answers.body_hash(body.model_dump(mode="json"))
    before = edits.find(session, run.id, body.id)
    if before is not None:
        return _repeated(before, person, digest)
    groups = _GROUPS[body.kind](session, browser, run, body)
    values = {
        "run_id": run.id,
        "id": body.id,
        "kind": body.kind.value,
        "groups": groups,
        "text": body.text.strip() if body.kind == "name" else "",
        "person_id": person.id,
        "round": run.round,
        "body_hash": digest,
    }
    edits.add(session, values)
    _after(session, run, settling.settle_others)
    added = edits.find(session, run.id, body.id)
    assert added is not None
    return added


def undo(session: Session, run: Run, person: Person, edit_id: str, now: datetime) -> Edit:
    """Take an edit back by adding an event. Done twice, it gives the same result.

    Raises:
        NotFoundError: no such edit in this run.
    """
    runs.get(session, run.id, lock=True)
    given = edits.find(session, run.id, edit_id)
    if given is None or given.retracts is not None:
        raise NotFoundError(f"no edit {edit_id!r} in this run")
    values = {
        "run_id": run.id,
        "id": f"undo:{given.id}",  # a client's own id cannot hold a colon
        "kind": given.kind,
        "groups": given.groups,
        "text": given.text,
        "person_id": person.id,
        "round": run.round,
        "at": now,
        "retracts": given.id,
        "body_hash": "",
    }
    if edits.add(session, values):
        _after(session, run, settling.reopen_free)
    return given


def parting(session: Session, browser: Browser, run: Run, left: str, right: str) -> Parting:
    """Say what an unmerge of these two images would take apart; changes nothing."""
    rows = rows_of(session, run, [left, right])
    with browser.memories.of(session, run) as memory:
        sides = memory.sides(*rows)
    return Parting(parts=[] if sides[0] == sides[1] else [len(side) for side in sides])


def rows_of(session: Session, run: Run, ids: list[str]) -> list[int]:
    """Give the training rows of images, in this order.

    Raises:
        NotFoundError: one is no training image of the run's project.
    """
    found = images.rows_by_id(session, run.project_id, ids)
    missing = [id_ for id_ in ids if id_ not in found]
    if missing:
        raise NotFoundError(f"no image {missing[0]!r} among the run's images")
    return [found[id_] for id_ in ids]


def _repeated(before: Edit, person: Person, digest: str) -> Edit:
    if before.body_hash != digest or before.person_id != person.id:
        raise AnswerConflictError(f"the edit id {before.id!r} was used before, for another edit; make a new id")
    return before


def _after(session: Session, run: Run, settle: Callable[[Session, Run], object]) -> None:
    """Withdraw, or ask again, what the edit decides or frees; the worker does the rest."""
    session.flush()
    settle(session, run)
    if run.state not in OVER:
        jobs.wake_run(session, run.id)


# -- what each kind is about -------------------------------------------------------------------


def _cluster(session: Session, browser: Browser, run: Run, body: EditNew) -> tuple[Overview, IntArray]:
    """Give the clusters and the rows of the one that is meant, if they are those that were seen."""
    (row,) = rows_of(session, run, [body.image])
    clusters = browser.now(session, run).clusters
    members = clusters.with_row(row)
    if body.version != version_of(members):
        raise StaleError("this cluster has changed since you looked at it; look at it again, then decide")
    return clusters, members


def _split(session: Session, browser: Browser, run: Run, body: EditNew) -> Groups:
    clusters, members = _cluster(session, browser, run, body)
    leaving = np.array(sorted(set(rows_of(session, run, body.images))), np.int64)
    if not len(leaving) or not np.isin(leaving, members).all() or len(leaving) == len(members):
        raise InvalidError(
            f"images: expected some of the cluster's {len(members)} images but not all of them, got {len(leaving)}"
        )
    if clusters.locked[members].any():
        raise StateError("this cluster is locked; unlock it before you split it")
    staying = np.setdiff1d(members, leaving)
    tied = clusters.tied(members)  # bad images: they go with those that they are the same as
    with_leaving = np.isin(clusters.groups[tied], np.setdiff1d(clusters.groups[leaving], clusters.groups[staying]))
    leaving, staying = np.union1d(leaving, tied[with_leaving]), np.union1d(staying, tied[~with_leaving])
    if len(leaving) * len(staying) > MOST_PAIRS:
        raise InvalidError(
            f"images: {len(leaving)} that leave and {len(staying)} that stay are more than {MOST_PAIRS} pairs to keep "
            "apart at once; let fewer leave"
        )
    return [leaving.tolist(), staying.tolist()]


def _unmerge(session: Session, browser: Browser, run: Run, body: EditNew) -> Groups:
    if len(body.images) != 1:
        raise InvalidError(
            f"images: expected the one image that `image` was called the same as, got {len(body.images)}"
        )
    left, right = rows_of(session, run, [body.image, *body.images])
    if left == right:
        raise InvalidError("images: expected two different images, got the same one twice")
    clusters = browser.now(session, run).clusters
    if clusters.locked[[left, right]].any():
        raise StateError("this cluster is locked; unlock it before you take a merge in it apart")
    with browser.memories.of(session, run) as memory:
        stays, leaves = memory.sides(left, right)
        same = memory.verdict(left, right)
    if stays == leaves:
        raise InvalidError("other answers join these images too: open their cluster and split it")
    if same is None and clusters.groups[left] != clusters.groups[right] and not clusters.frozen[[left, right]].any():
        raise InvalidError("nobody's answer joins these two images; there is nothing to take apart")
    return [[right], [left]]  # nothing else joins the two sides


def _lock(session: Session, browser: Browser, run: Run, body: EditNew) -> Groups:
    clusters, members = _cluster(session, browser, run, body)
    if clusters.frozen[members].any():
        raise StateError("answers on images of this cluster contradict each other; settle them, or split it, first")
    if clusters.locked[members].all():
        raise StateError("this cluster is locked already")
    return [members.tolist()]


def _name(session: Session, browser: Browser, run: Run, body: EditNew) -> Groups:
    return [rows_of(session, run, [body.image])]


_GROUPS: dict[str, Callable[[Session, Browser, Run, EditNew], Groups]] = {
    "split": _split,
    "unmerge": _unmerge,
    "lock": _lock,
    "name": _name,
}
