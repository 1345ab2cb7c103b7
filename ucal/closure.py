"""Closure: what follows from pairs that are the same or different. Pairs only come in; to take one back, start anew."""

from __future__ import annotations

from collections.abc import Iterable

from ucal.types import Verdict

Pair = tuple[int, int]
_NOTHING: frozenset[int] = frozenset()


class Closure:
    """Groups of rows that are the same (union-find), which of them are kept apart, and which are in conflict.

    A group with a "different" inside is frozen: it decides nothing. Independent of the order in
    which pairs come.
    """

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        self._size: dict[int, int] = {}
        self._apart: dict[int, set[int]] = {}  # root -> roots it differs from
        self._frozen: set[int] = set()  # roots in conflict

    def add(self, pair: Pair, link: Verdict | None) -> None:
        """Take a pair of rows: SAME joins, DIFFERENT parts, anything else says nothing."""
        a, b = self.find(pair[0]), self.find(pair[1])
        if link is Verdict.SAME:
            self._unite(a, b)
        elif link is Verdict.DIFFERENT and a == b:
            self._frozen.add(a)
        elif link is Verdict.DIFFERENT:
            self._apart.setdefault(a, set()).add(b)
            self._apart.setdefault(b, set()).add(a)

    def find(self, row: int) -> int:
        """Give the root of a row's group: a row of it, the same for all its rows until the next `add`."""
        root = row
        while (above := self._parent.get(root)) is not None:
            root = above
        while row != root:
            above = self._parent[row]
            self._parent[row] = root
            row = above
        return root

    def frozen(self, row: int) -> bool:
        """Say whether a row's group is in conflict."""
        return self.find(row) in self._frozen

    @property
    def any_frozen(self) -> bool:
        """Say whether any group is in conflict."""
        return bool(self._frozen)

    def verdict(self, left: int, right: int) -> Verdict | None:
        """Give SAME, DIFFERENT, or None where nothing follows."""
        a, b = self.find(left), self.find(right)
        if a in self._frozen or b in self._frozen:
            return None
        if a == b:
            return Verdict.SAME
        return Verdict.DIFFERENT if b in self._apart.get(a, _NOTHING) else None

    def groups(self, rows: Iterable[int]) -> list[tuple[int, ...]]:
        """Give the groups of two or more among these rows, each rising, in the order of their first rows."""
        found: dict[int, list[int]] = {}
        for row in sorted(rows):
            found.setdefault(self.find(row), []).append(row)
        return [tuple(members) for members in found.values() if len(members) > 1]

    def joined_rows(self) -> set[int]:
        """Give the rows that are the same as another."""
        return self._parent.keys() | self._size.keys()

    def n_known(self) -> int:
        """Count the pairs of rows whose verdict follows."""
        sizes = {root: size for root, size in self._size.items() if root not in self._frozen}
        known = sum(size * (size - 1) // 2 for size in sizes.values())
        for root, others in self._apart.items():
            if root not in self._frozen:
                far = (other for other in others if root < other and other not in self._frozen)
                known += sum(sizes.get(root, 1) * sizes.get(other, 1) for other in far)
        return known

    def _unite(self, a: int, b: int) -> None:
        if a == b:
            return
        if self._size.get(a, 1) < self._size.get(b, 1):
            a, b = b, a
        self._parent[b] = a
        self._size[a] = self._size.get(a, 1) + self._size.pop(b, 1)
        others = self._apart.pop(b, set())
        if a in others or b in self._frozen:
            self._frozen.discard(b)
            self._frozen.add(a)
        for other in others:
            self._apart[other].discard(b)
            if other != a:
                self._apart[other].add(a)
                self._apart.setdefault(a, set()).add(other)
