"""From atoms and answers to components that no answer breaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ucal.efficient.keys import codes_of, distinct, pair_keys, pairs_of
from ucal.efficient.preparation import unit
from ucal.memory import LabelMemory
from ucal.types import FloatArray, IntArray

_MOST_TURNS = 20


@dataclass(frozen=True, slots=True)
class Components:
    """Rows joined by atoms and by "same" answers.

    of         (n,) int64: each row's component, 0..count-1; -1 = a bad image, in none
    count      how many there are
    apart      (f, 2): components that an answer keeps apart
    confirmed  (c,): components with at least one human "same" inside
    """

    of: IntArray
    count: int
    apart: IntArray
    confirmed: IntArray

    def rows(self, component: int) -> IntArray:
        """Give a component's rows, rising."""
        return np.flatnonzero(self.of == component)


def components(atoms: IntArray, features: FloatArray, memory: LabelMemory, removed: IntArray) -> Components:
    """Join the atoms (n,) as the answers say; split those that hold a "different".

    A "different" inside one atom splits it at the two rows; one between two atoms of a component
    splits, at two answered rows, every atom of that component which has two; again until none is
    inside (20 times at most: then the "different" is left out). `removed` are rows that an audit
    found not to belong to their atom: each is an atom of its own. Answers in conflict do not count
    (`LabelMemory` leaves them out).
    """
    n = len(atoms)
    atoms = atoms.copy()
    fresh = int(atoms.max(initial=-1)) + 1
    for row in removed.tolist():
        atoms[row], fresh = fresh, fresh + 1
    same = np.array([(group[0], row) for group in memory.groups() for row in group[1:]], np.int64).reshape(-1, 2)
    different = memory.cannot_rows()
    answered = distinct(np.concatenate([same.ravel(), different.ravel()]))
    for _ in range(_MOST_TURNS):
        of = _joined(atoms, same, n)
        inside = different[of[different[:, 0]] == of[different[:, 1]]]
        if not len(inside):
            break
        _split(atoms, features, _places(atoms, of, inside, answered))
    of = _joined(atoms, same, n)
    apart = of[different]
    apart = apart[apart[:, 0] != apart[:, 1]]
    highest = int(of.max(initial=0))
    of[memory.bad_rows()] = -1
    names, codes = codes_of(of[of >= 0])
    count = len(names)
    place = np.full(highest + 1, -1, np.int64)
    place[names] = np.arange(count)
    apart = place[apart]
    apart = np.sort(apart[(apart >= 0).all(axis=1)], axis=1)
    apart = pairs_of(distinct(pair_keys(apart, count)), count) if len(apart) else apart
    of[of >= 0] = codes
    inner = of[same]
    confirmed = distinct(inner[(inner >= 0).all(axis=1)].ravel())
    return Components(of, count, apart, confirmed)


def _joined(atoms: IntArray, same: IntArray, n: int) -> IntArray:
    values, codes = codes_of(atoms)
    left = np.concatenate([np.arange(n), same[:, 0]])
    right = np.concatenate([n + codes, same[:, 1]])
    nodes = n + len(values)
    graph = sparse.csr_array((np.ones(len(left), bool), (left, right)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1][:n].astype(np.int64)


def _places(atoms: IntArray, of: IntArray, inside: IntArray, answered: IntArray) -> list[tuple[int, int]]:
    """Give where to split: two rows of one atom each time, no atom twice."""
    found: dict[int, tuple[int, int]] = {}
    wide: set[int] = set()
    for left, right in inside.tolist():
        if atoms[left] == atoms[right]:
            found.setdefault(int(atoms[left]), (left, right))
        else:
            wide.add(int(of[left]))
    wide -= {int(of[pair[0]]) for pair in found.values()}
    first: dict[int, int] = {}
    for row in answered[np.isin(of[answered], list(wide))].tolist() if wide else ():
        atom = int(atoms[row])
        if atom in first:
            found.setdefault(atom, (first[atom], row))
        first.setdefault(atom, row)
    return list(found.values())


def _split(atoms: IntArray, features: FloatArray, places: list[tuple[int, int]]) -> None:
    """Split atoms in place: rows go to the nearer seed, then to the nearer mean; up to 3 rows fall apart."""
    fresh = int(atoms.max()) + 1
    order = np.argsort(atoms, kind="stable")
    values = atoms[order]
    for left, right in places:
        start, stop = np.searchsorted(values, atoms[left], "left"), np.searchsorted(values, atoms[left], "right")
        rows = order[start:stop]
        if len(rows) <= 3:
            atoms[rows] = np.arange(fresh, fresh + len(rows))
            fresh += len(rows)
            continue
        part = features[rows]
        far = part @ features[right] > part @ features[left]
        far[rows == left], far[rows == right] = False, True
        means = unit(np.stack([part[~far].mean(axis=0), part[far].mean(axis=0)]))
        far = part @ means[1] > part @ means[0]
        far[rows == left], far[rows == right] = False, True
        atoms[rows[far]] = fresh
        fresh += 1
