"""LabelMemory: what all answers together say of any two images.

The answers are the only truth; everything here is derived from them and can be rebuilt by replay.

Source: UCAL 3.3 ("label memory"); differs: the paper remembers centroid pairs, which are renumbered
every epoch, and assumes a perfect annotator. Here the two IMAGES that were shown are linked for
ever, links are closed under inference (`closure`; the paper's reading is `pair`), and answers that
cannot all be true are data, not an exception.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ucal.errors import AnswerError
from ucal.types import Answer, IntArray, Kind, Verdict

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Answers that cannot all be true.

    `pairs` are the answered pairs that disagree: the "different" first, then the chain of "same"
    that contradicts it (empty when the votes on the one pair are tied).
    """

    pairs: tuple[Pair, ...]


class LabelMemory:
    """Answers in, verdicts out; incremental, replayable, independent of the answers' order.

    Every link of a standing answer (a page has many) is one vote on its pair, of a conflict's answer, a
    split or an unmerge one that outweighs all others; a pair is decided by majority, a tie decides
    nothing and is a conflict. "Same" pairs close into groups, "different" pairs hold between
    groups. A group with a "different" inside is in conflict: it decides nothing until its answers
    agree again.
    """

    def __init__(self, n: int, mode: Literal["closure", "pair"] = "closure", answers: Iterable[Answer] = ()) -> None:
        self.n = n
        self.mode = mode
        self._answers: dict[str, Answer] = {}  # standing answers by id
        self._seen: set[str] = set()  # ids of all events, retractions too
        self._void: set[str] = set()  # ids that were retracted, perhaps before they came
        self._votes: dict[Pair, list[int]] = {}  # pair -> [same, different, neither]
        self._questions: dict[str, int] = {}  # question -> standing answers
        self._bad: dict[int, int] = {}  # row -> standing answers that call it a bad image
        self._locked: dict[int, int] = {}  # row -> standing locks that hold it
        self._n_links = 0
        self._dirty = False  # a link was taken back: rebuild before the next look
        self._reset_links()
        self.extend(answers)

    # -- answers in ----------------------------------------------------------------------------

    def extend(self, answers: Iterable[Answer]) -> None:
        """Add many answers."""
        for answer in answers:
            self.add(answer)

    def add(self, answer: Answer) -> bool:
        """Add one event; False when its id was added before. Undo is an event with `retracts`.

        Raises:
            AnswerError: a row outside the data set, or an image paired with itself.
        """
        if answer.id in self._seen:
            return False
        if answer.retracts is not None:
            self._seen.add(answer.id)
            self._retract(answer.retracts)
            return True
        for left, right, _ in answer.links:
            self._pair(left, right)
        self._seen.add(answer.id)
        if answer.id not in self._void:
            self._answers[answer.id] = answer
            self._count(answer, +1)
        return True

    def _retract(self, answer_id: str) -> None:
        self._void.add(answer_id)
        answer = self._answers.pop(answer_id, None)
        if answer is not None:
            self._count(answer, -1)

    def _count(self, answer: Answer, sign: int) -> None:
        weight = _OUTWEIGHS if answer.kind in _SETTLES else 1
        links = answer.links
        self._n_links += sign * answer.judged
        if answer.kind is Kind.LOCK:
            for row in answer.groups[0]:
                self._locked[row] = self._locked.get(row, 0) + sign
        for left, right, verdict in links:
            self._vote(self._pair(left, right), verdict, sign * weight)
        for row in answer.bad_rows:
            self._bad[row] = self._bad.get(row, 0) + sign
        if answer.question:
            self._questions[answer.question] = self._questions.get(answer.question, 0) + sign

    def _vote(self, pair: Pair, verdict: Verdict, change: int) -> None:
        before = self._link(pair)
        votes = self._votes.setdefault(pair, [0, 0, 0])
        votes[_COLUMN[verdict]] += change
        if not any(votes):
            del self._votes[pair]
        after = self._link(pair)
        if after == before or self._dirty:
            return
        if before is None and not self._tied(pair):
            self._apply(pair, after)
        else:
            self._dirty = True

    def _pair(self, left: int, right: int) -> Pair:
        if left == right or not (0 <= left < self.n and 0 <= right < self.n):
            raise AnswerError(f"expected two different rows in 0..{self.n - 1}, got {left} and {right}")
        return (left, right) if left < right else (right, left)

    # -- verdicts out --------------------------------------------------------------------------

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Give the answers that stand, in the order they came."""
        return tuple(self._answers.values())

    @property
    def n_answers(self) -> int:
        """Count what standing answers judge, each vote once (Eq. 7's M, `Answer.judged`); a page judges many pairs."""
        return self._n_links

    def answered(self, question: str) -> bool:
        """Say whether a standing answer belongs to this question."""
        return self._questions.get(question, 0) > 0

    def verdict(self, left: int, right: int) -> Verdict | None:
        """Give SAME, DIFFERENT, or None where the answers do not decide."""
        pair = self._pair(left, right)
        if self.mode == "pair":
            return self._link(pair)
        self._refresh()
        a, b = self._find(left), self._find(right)
        if a in self._frozen or b in self._frozen:
            return None
        if a == b:
            return Verdict.SAME
        return Verdict.DIFFERENT if b in self._apart.get(a, _NOTHING) else None

    def decided(self, left: int, right: int) -> bool:
        """Say whether asking is pointless.

        The verdict is known, the pair was judged, one image is called bad, or one lies in a locked cluster.
        """
        if self._pair(left, right) in self._votes:
            return True
        if any(counts.get(row) for counts in (self._bad, self._locked) for row in (left, right)):
            return True
        return self.verdict(left, right) is not None

    def voted(self, left: int, right: int) -> Verdict | None:
        """Give what the votes on this very pair say: SAME, DIFFERENT, or None; nothing is inferred."""
        return self._link(self._pair(left, right))

    def contested(self, left: int, right: int) -> bool:
        """Say whether this pair is part of a contradiction: its votes are tied, or one group in conflict has both."""
        pair = self._pair(left, right)
        self._refresh()
        root = self._find(left)
        return self._tied(pair) or (root == self._find(right) and root in self._frozen)

    def joined(self, starts: Iterable[int], less: Iterable[Answer] = (), more: Iterable[Answer] = ()) -> list[set[int]]:
        """Give the groups that "same" pairs make of these rows, as if answers were not there (less) or had come (more).

        Each group once, in the order of the first of its rows. Looks at every pair once: O(pairs judged).
        """
        votes = dict(self._votes)
        for answer, sign in [*((answer, -1) for answer in less), *((answer, +1) for answer in more)]:
            weight = sign * (_OUTWEIGHS if answer.kind in _SETTLES else 1)
            for left, right, verdict in answer.links:
                pair = self._pair(left, right)
                votes[pair] = list(votes.get(pair, _NO_VOTES))
                votes[pair][_COLUMN[verdict]] += weight
        beside: dict[int, list[int]] = {}
        for (low, high), (same, different, _) in votes.items():
            if same > different:
                beside.setdefault(low, []).append(high)
                beside.setdefault(high, []).append(low)
        groups: list[set[int]] = []
        for start in starts:
            if not any(start in group for group in groups):
                groups.append(set(_reached(beside, start)))
        return groups

    def is_bad(self, row: int) -> bool:
        """Say whether somebody called this row a bad image."""
        return bool(self._bad.get(row))

    def groups(self) -> list[tuple[int, ...]]:
        """Give the groups of two or more rows that are the same, those in conflict left out."""
        return [rows for root, rows in self._components().items() if root not in self._frozen]

    def cannot_pairs(self) -> list[Pair]:
        """Give the answered "different" pairs whose groups are not in conflict, sorted."""
        self._refresh()
        return sorted(
            pair
            for pair in self._votes
            if self._link(pair) is Verdict.DIFFERENT
            and self._find(pair[0]) not in self._frozen
            and self._find(pair[1]) not in self._frozen
        )

    def conflicts(self) -> list[Conflict]:
        """Give what disagrees, sorted: tied pairs, and "different" pairs inside a group."""
        self._refresh()
        found = []
        for pair in sorted(self._votes):
            if self._tied(pair):
                found.append(Conflict((pair,)))
            elif self._link(pair) is Verdict.DIFFERENT and self._find(pair[0]) == self._find(pair[1]):
                found.append(Conflict((pair, *self._same_path(*pair))))
        return found

    def bad_rows(self) -> IntArray:
        """Give the rows somebody called a bad image, sorted."""
        return np.array(sorted(row for row, count in self._bad.items() if count), np.int64)

    def locked_rows(self) -> IntArray:
        """Give the rows of locked clusters, sorted."""
        return np.array(sorted(row for row, count in self._locked.items() if count), np.int64)

    def sides(self, left: int, right: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Give what would be joined to `left` and to `right` by "same" answers without this very pair, sorted.

        The two are equal where other answers join them too. O(answers).
        """
        dropped = self._pair(left, right)
        beside: dict[int, list[int]] = {}
        for low, high in self._votes:
            if (low, high) != dropped and self._link((low, high)) is Verdict.SAME:
                beside.setdefault(low, []).append(high)
                beside.setdefault(high, []).append(low)
        return _reached(beside, left), _reached(beside, right)

    def excluded_rows(self) -> IntArray:
        """Give the rows that stay out of training: bad images and groups in conflict, sorted."""
        frozen = [row for root, rows in self._components().items() if root in self._frozen for row in rows]
        return np.union1d(self.bad_rows(), np.array(frozen, np.int64))

    def n_inferred(self) -> int:
        """Count the pairs of rows that follow from the answers without having been asked."""
        if self.mode == "pair":
            return 0
        components = self._components()
        size = {root: len(rows) for root, rows in components.items()}
        free = [root for root in size if root not in self._frozen]
        known = sum(size[root] * (size[root] - 1) // 2 for root in free)
        for root, others in self._apart.items():
            if root not in self._frozen:
                known += sum(
                    size.get(root, 1) * size.get(other, 1)
                    for other in others
                    if root < other and other not in self._frozen
                )
        return known - sum(1 for pair in self._votes if self._link(pair) and self.verdict(*pair))

    # -- links ---------------------------------------------------------------------------------

    def _reset_links(self) -> None:
        self._parent: dict[int, int] = {}
        self._size: dict[int, int] = {}
        self._apart: dict[int, set[int]] = {}  # root -> roots it differs from
        self._frozen: set[int] = set()  # roots in conflict
        self._dirty = False

    def _refresh(self) -> None:
        if self._dirty:
            self._reset_links()
            for pair in self._votes:
                self._apply(pair, self._link(pair))

    def _link(self, pair: Pair) -> Verdict | None:
        same, different, _ = self._votes.get(pair, _NO_VOTES)
        if same == different:
            return None
        return Verdict.SAME if same > different else Verdict.DIFFERENT

    def _tied(self, pair: Pair) -> bool:
        same, different, _ = self._votes.get(pair, _NO_VOTES)
        return same == different > 0

    def _apply(self, pair: Pair, link: Verdict | None) -> None:
        a, b = self._find(pair[0]), self._find(pair[1])
        if link is Verdict.SAME:
            self._unite(a, b)
        elif link is Verdict.DIFFERENT and a == b:
            self._frozen.add(a)
        elif link is Verdict.DIFFERENT:
            self._apart.setdefault(a, set()).add(b)
            self._apart.setdefault(b, set()).add(a)

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

    def _find(self, row: int) -> int:
        root = row
        while (above := self._parent.get(root)) is not None:
            root = above
        while row != root:
            above = self._parent[row]
            self._parent[row] = root
            row = above
        return root

    def _components(self) -> dict[int, tuple[int, ...]]:
        self._refresh()
        found: dict[int, list[int]] = {}
        for row in sorted({row for pair in self._votes for row in pair}):
            found.setdefault(self._find(row), []).append(row)
        rows = {root: tuple(members) for root, members in found.items() if len(members) > 1}
        return dict(sorted(rows.items(), key=lambda item: item[1][0]))

    def _same_path(self, start: int, goal: int) -> tuple[Pair, ...]:
        """Give a shortest chain of "same" pairs from start to goal."""
        neighbours: dict[int, list[int]] = {}
        root = self._find(start)
        for low, high in self._votes:
            if self._find(low) == root and self._link((low, high)) is Verdict.SAME:
                neighbours.setdefault(low, []).append(high)
                neighbours.setdefault(high, []).append(low)
        before = {start: start}
        queue = deque([start])
        while queue and goal not in before:
            row = queue.popleft()
            for other in sorted(neighbours.get(row, ())):
                if other not in before:
                    before[other] = row
                    queue.append(other)
        path, row = [], goal
        while row != start:
            path.append((min(row, before[row]), max(row, before[row])))
            row = before[row]
        return tuple(reversed(path))


_COLUMN = {Verdict.SAME: 0, Verdict.DIFFERENT: 1, Verdict.UNSURE: 2, Verdict.BAD_IMAGE: 2}
_NOTHING: frozenset[int] = frozenset()
_NO_VOTES = (0, 0, 0)
_OUTWEIGHS = 1 << 30  # votes that what settles a conflict counts for
_SETTLES = frozenset({Kind.CONFLICT, Kind.SPLIT, Kind.UNMERGE})


def _reached(beside: dict[int, list[int]], start: int) -> tuple[int, ...]:
    found, waiting = {start}, [start]
    while waiting:
        for row in beside.get(waiting.pop(), ()):
            if row not in found:
                found.add(row)
                waiting.append(row)
    return tuple(sorted(found))
