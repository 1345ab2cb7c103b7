"""Clusters, merges, edits and images' histories as what goes over the wire."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from sqlalchemy import or_
from sqlalchemy.orm import Session

from backend import cluster_schemas as wire
from backend.clusters import Browser
from backend.editing import version_of
from backend.store import answers, edits, images, people
from backend.store.models import Answer, Edit, Image, Run
from backend.views import image_out
from ucal import types as core
from ucal.overview import Overview
from ucal.types import OUTLIER, IntArray, Kind, Link, Verdict

SHOWN = 5  # images of a cluster in a list
TOUCHING = 20  # edits of an open cluster


class Clusters:
    """One run's clusters, ready to be shown."""

    def __init__(self, session: Session, run: Run, browser: Browser) -> None:
        self.session, self.run, self.now = session, run, browser.now(session, run)
        self.cameras = browser.cameras(session, run.project_id)
        self.clusters: Overview = self.now.clusters
        self.names = edits.names(session, run.id)

    def page(self, sort: wire.ClusterSort, offset: int, limit: int) -> wire.ClusterPage:
        """Give some clusters of a sort."""
        rows = self._sorted(sort)
        chosen = [self.clusters.with_row(int(row)) for row in rows[offset : offset + limit]]
        return wire.ClusterPage(totals=self._totals(), found=len(rows), clusters=self._out(chosen))

    def open(self, row: int, wish: wire.ClusterWish) -> wire.ClusterOpen:
        """Give the cluster that holds a row, with some of its images: confirmed groups first, then guesses."""
        members = self.clusters.with_row(row)
        parts = self.clusters.in_groups(members)
        group = {int(one): number for number, part in enumerate(parts[:-1]) for one in part}
        listed = [int(one) for part in parts for one in part[np.argsort(self._fit(part), kind="stable")]]
        if wish.order == "camera":
            listed.sort(key=lambda one: (self.cameras[one] < 0, self.cameras[one], group.get(one, len(parts))))
        shown = listed[wish.offset : wish.offset + wish.limit]
        known = images.by_rows(self.session, self.run.project_id, shown)
        return wire.ClusterOpen(
            cluster=self._out([members])[0],
            edits=self._edits(members),
            version=version_of(members),
            groups=[len(part) for part in parts[:-1]],
            members=[self._member(known[one], group.get(one)) for one in shown],
        )

    def _edits(self, members: IntArray) -> list[wire.EditOut]:
        """Show the edits that stand and touch these rows."""
        inside = set(members.tolist())
        query = edits.standing(self.run.id).order_by(Edit.seq.desc())
        touching = (e for e in self.session.scalars(query) if any(not inside.isdisjoint(rows) for rows in e.groups))
        return edits_out(self.session, self.run, list(islice(touching, TOUCHING)))

    # -- pieces ------------------------------------------------------------------------------------

    def _sorted(self, sort: wire.ClusterSort) -> Sequence[int] | IntArray:
        """Give one row of each cluster of this sort, in its order."""
        clusters = self.clusters
        if sort is wire.ClusterSort.ALONE:
            return clusters.alone()
        if sort is wire.ClusterSort.NAMED:
            return self._each(sorted(self.names, key=lambda row: self.names[row].casefold()))
        if sort is wire.ClusterSort.LOCKED:
            return self._each(np.flatnonzero(clusters.locked).tolist())
        order = clusters.by_doubt() if sort is wire.ClusterSort.DOUBT else clusters.by_size()
        return [int(clusters.rows_of(int(cluster))[0]) for cluster in order]

    def _each(self, rows: Sequence[int]) -> list[int]:
        """Leave one row of each cluster: the first."""
        first: dict[int, int] = {}
        for row in rows:
            label = int(self.clusters.labels[row])
            first.setdefault(-1 - row if label == OUTLIER else label, row)
        return list(first.values())

    def _totals(self) -> wire.ClusterTotals:
        clusters = self.clusters
        tied = np.bincount(clusters.groups, minlength=len(clusters.groups))[clusters.groups] > 1
        standing = self.session.scalars(edits.standing(self.run.id).with_only_columns(Edit.id)).all()
        return wire.ClusterTotals(
            images=len(clusters.labels),
            clusters=int((clusters.sizes > 1).sum()),
            alone=len(clusters.alone()),
            confirmed=int((tied & (clusters.labels != OUTLIER)).sum()),
            named=len(self._each(list(self.names))),
            locked=len(self._each(np.flatnonzero(clusters.locked).tolist())),
            edits=len(standing),
            round=self.now.round,
        )

    def _out(self, chosen: Sequence[IntArray]) -> list[wire.ClusterOut]:
        """Show clusters, given by their rows."""
        heads = [self._heads(rows) for rows in chosen]
        needed = {row for head in heads for row in head} | {row for rows in chosen for row in self._named(rows)}
        known = images.by_rows(self.session, self.run.project_id, needed)
        return [self._cluster(rows, head, known) for rows, head in zip(chosen, heads, strict=True)]

    def _named(self, rows: IntArray) -> list[int]:
        return [int(row) for row in rows if int(row) in self.names] if self.names else []

    def _cluster(self, rows: IntArray, head: list[int], known: dict[int, Image]) -> wire.ClusterOut:
        clusters, label = self.clusters, int(self.clusters.labels[rows[0]])
        cameras, counts = np.unique(self.cameras[rows], return_counts=True)
        order = np.lexsort((cameras, cameras < 0))
        named = self._named(rows)
        lowest = math.nan if label == OUTLIER else float(clusters.lowest[label])
        return wire.ClusterOut(
            image=image_out(known[head[0]]),
            size=len(rows),
            confirmed=0 if label == OUTLIER else int(clusters.confirmed[label]),
            lowest=None if math.isnan(lowest) else lowest,
            cameras=[
                wire.CameraCount(camera=int(cameras[i]) if cameras[i] >= 0 else None, images=int(counts[i]))
                for i in order
            ],
            names=[self.names[row] for row in named],
            named_by=[known[row].id for row in named],
            locked=bool(clusters.locked[rows].any()),
            in_conflict=bool(clusters.frozen[rows].any()),
            shown=[image_out(known[row]) for row in head],
        )

    def _heads(self, rows: IntArray) -> list[int]:
        """Give the best fitting row, then those that fit least."""
        order = rows[np.argsort(self._fit(rows), kind="stable")]
        return [int(order[-1]), *(int(row) for row in order[:-1][: SHOWN - 1])]

    def _fit(self, rows: IntArray) -> IntArray:
        fits: IntArray = np.nan_to_num(self.clusters.fits[rows], nan=-1.0)
        return fits

    def _member(self, image: Image, group: int | None) -> wire.MemberOut:
        fit = float(self.clusters.fits[image.row])
        return wire.MemberOut(
            image=image_out(image),
            fit=None if math.isnan(fit) else fit,
            group=group,
            name=self.names.get(image.row),
            bad=bool(self.clusters.bad[image.row]),
            in_conflict=bool(self.clusters.frozen[image.row]),
        )


# -- merges ------------------------------------------------------------------------------------


def merges_out(session: Session, run: Run, clusters: Overview, offset: int, limit: int) -> wire.MergePage:
    """Give the pairs that somebody called the same, newest first; a page's tiles each."""
    found = list(islice(_merges(session, run), offset, offset + limit + 1))
    shown = found[:limit]
    known = images.by_rows(session, run.project_id, {row for _, left, right in shown for row in (left, right)})
    who = people.names(session, {answer.person_id for answer, _, _ in shown})
    return wire.MergePage(
        more=len(found) > limit,
        merges=[
            wire.MergeOut(
                answer_id=answer.id,
                left=image_out(known[left]),
                right=image_out(known[right]),
                person=who.get(answer.person_id) or answer.source,
                at=answer.at,
                round=answer.round,
                size=len(clusters.with_row(left)),
                apart=bool(clusters.labels[left] != clusters.labels[right] or clusters.labels[left] == OUTLIER),
            )
            for answer, left, right in shown
        ],
    )


def _merges(session: Session, run: Run) -> Iterator[tuple[Answer, int, int]]:
    some = or_(Answer.verdict == Verdict.SAME, Answer.kind == Kind.PAGE)
    query = answers.standing(run.id).where(some, Answer.counts).order_by(Answer.seq.desc())
    for answer in session.scalars(query.execution_options(yield_per=200)):
        yield from ((answer, left, right) for left, right, verdict in links_of(answer) if verdict is Verdict.SAME)


def links_of(answer: Answer) -> tuple[Link, ...]:
    """Give the pairs that a stored answer judges."""
    fields = {"id": answer.id, "left": answer.left_row, "right": answer.right_row, "verdict": answer.verdict}
    return core.Answer.from_json(fields | {"kind": answer.kind, "tiles": answer.tiles}).links


# -- edits -------------------------------------------------------------------------------------


def edits_out(session: Session, run: Run, found: Sequence[Edit]) -> list[wire.EditOut]:
    """Show edits with who made them."""
    known = images.by_rows(session, run.project_id, {edit.groups[0][0] for edit in found})
    who = people.names(session, {edit.person_id for edit in found})
    undone = edits.undone_ids(session, run.id)
    return [
        wire.EditOut(
            id=edit.id,
            kind=wire.EditKind(edit.kind),
            person=who.get(edit.person_id, edit.person_id),
            at=edit.at,
            round=edit.round,
            image=image_out(known[edit.groups[0][0]]),
            sizes=[len(rows) for rows in edit.groups],
            text=edit.text,
            undone=edit.id in undone,
        )
        for edit in found
    ]
