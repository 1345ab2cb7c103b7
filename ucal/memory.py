"""LabelMemory: what all answers together say of any two images.

The answers are the only truth; everything here is derived from them and can be rebuilt by replay.

Source: UCAL 3.3 ("label memory"); differs: the paper remembers centroid pairs, which are renumbered
every epoch, and assumes a perfect annotator. Here the two IMAGES that were shown are linked for
ever, links are closed under inference (`closure`; the paper's reading is `pair`), and answers that
cannot all be true are data, not an exception.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from ucal.closure import Closure, Pair
from ucal.conflicts import Conflict, beside_of, chain, reached
from ucal.costs import cost_of
from ucal.errors import AnswerError
from ucal.types import Answer, IntArray, Kind, Verdict


class LabelMemory:
    """Answers in, verdicts out; incremental, replayable, independent of the answers' order.

    Every link of a standing answer (a page has many) is one vote on its pair, of a conflict's answer, a
    split or an unmerge one that outweighs all others; a pair is decided by majority, a tie decides
    nothing and is a conflict. "Same" pairs close into groups, "different" pairs hold between
    groups. A group with a "different" inside is in conflict: it decides nothing until its answers
    agree again.

    Links that came with the data (`imported`, each of one pair, SAME or DIFFERENT; inference is needed)
    hold, one after another, as far as they contradict neither what people say nor the links before:
    they never make a conflict, and they come back when the answer against them is taken back.
    """

    def __init__(
        self,
        n: int,
        mode: Literal["closure", "pair"] = "closure",
        answers: Iterable[Answer] = (),
        imported: Sequence[Answer] = (),
    ) -> None:
        """Start from answers of people and links of the data.

        Raises:
            AnswerError: a row outside 0..n-1, an image paired with itself, or links in mode "pair".
        """
        if imported and mode == "pair":
            raise AnswerError("links of the data: expected memory 'closure', which infers from them, got 'pair'")
        self.n = n
        self.mode = mode
        self.imported = tuple(imported)
        self._weak = [(self._pair(link.left, link.right), link.verdict) for link in imported]
        self._answers: dict[str, Answer] = {}  # standing answers by id
        self._seen: set[str] = set()  # ids of all events, retractions too
        self._void: set[str] = set()  # ids that were retracted, perhaps before they came
        self._votes: dict[Pair, list[int]] = {}  # pair -> [same, different, neither]
        self._questions: dict[str, int] = {}  # question -> standing answers
        self._bad: dict[int, int] = {}  # row -> standing answers that call it a bad image
        self._locked: dict[int, int] = {}  # row -> standing locks that hold it
        self._said: dict[Pair, Verdict] = {}  # pairs that votes decide
        self._ties: set[Pair] = set()  # pairs with as many votes for "same" as for "different"
        self._n_links = self._n_actions = 0
        self._links = Closure()  # of the pairs as they are decided, and of the imported links that hold
        self._held: dict[Pair, Verdict] = {}  # imported links that hold, on pairs that nobody decided
        self._dirty = bool(imported)  # a link was taken back: rebuild before the next look
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
        self._n_actions += sign * cost_of(answer).actions
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
        (self._ties.add if self._tied(pair) else self._ties.discard)(pair)
        after = self._link(pair)
        if after is None:
            self._said.pop(pair, None)
        else:
            self._said[pair] = after
        if after == before or self._dirty:
            return
        if before is None and not self._tied(pair) and not self._shakes(pair, after):
            self._held.pop(pair, None)
            self._links.add(pair, after)
        else:
            self._dirty = True

    def _shakes(self, pair: Pair, link: Verdict | None) -> bool:
        """Say whether a new link may change which imported links hold: it is against what follows, or meets a conflict.

        A link that fits what follows from all others leaves every imported link as it was.
        """
        if not self._weak:
            return False
        if any(self._links.frozen(row) for row in pair):
            return True
        return self._links.verdict(*pair) not in (None, link)

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

    @property
    def n_events(self) -> int:
        """Count the events that were added: answers, those taken back too, and what took them back."""
        return len(self._seen)

    @property
    def n_actions(self) -> int:
        """Count the key presses and clicks that standing answers took (`ucal.costs`)."""
        return self._n_actions

    def judged_rows(self) -> IntArray:
        """Give the rows of the pairs that standing answers judged, rising."""
        shown = np.zeros(self.n, bool)
        shown[np.fromiter(itertools.chain.from_iterable(self._votes), np.int64, 2 * len(self._votes))] = True
        return np.flatnonzero(shown)

    def answered(self, question: str) -> bool:
        """Say whether a standing answer belongs to this question."""
        return self._questions.get(question, 0) > 0

    def verdict(self, left: int, right: int) -> Verdict | None:
        """Give SAME, DIFFERENT, or None where the answers do not decide."""
        pair = self._pair(left, right)
        if self.mode == "pair":
            return self._link(pair)
        return self._followed().verdict(left, right)

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

    def balance(self, left: int, right: int) -> int:
        """Give the votes on this very pair for "same" less those for "different"; what settles counts above 2^29."""
        same, different, _ = self._votes.get(self._pair(left, right), _NO_VOTES)
        return same - different

    def judged_pairs(self) -> list[tuple[Pair, Verdict]]:
        """Give the pairs that votes decide, in the order in which they were first judged, with their verdicts."""
        links = ((pair, self._link(pair)) for pair in self._votes)
        return [(pair, link) for pair, link in links if link is not None]

    def contested(self, left: int, right: int) -> bool:
        """Say whether this pair is part of a contradiction: its votes are tied, or one group in conflict has both."""
        pair = self._pair(left, right)
        links = self._followed()
        return self._tied(pair) or (links.find(left) == links.find(right) and links.frozen(left))

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
        self._followed()
        same = [pair for pair, (yes, no, _) in votes.items() if yes > no]
        silent = (pair for pair, link in self._held.items() if link is Verdict.SAME)
        same += [pair for pair in silent if votes.get(pair, _NO_VOTES)[0] == votes.get(pair, _NO_VOTES)[1]]
        beside = beside_of(same)
        groups: list[set[int]] = []
        for start in starts:
            if not any(start in group for group in groups):
                groups.append(set(reached(beside, start)))
        return groups

    def is_bad(self, row: int) -> bool:
        """Say whether somebody called this row a bad image."""
        return bool(self._bad.get(row))

    def groups(self) -> list[tuple[int, ...]]:
        """Give the groups of two or more rows that are the same, those in conflict left out."""
        return [rows for rows in self._components() if not self._links.frozen(rows[0])]

    def cannot_pairs(self) -> list[Pair]:
        """Give the answered and imported "different" pairs whose groups are not in conflict, sorted."""
        return [(left, right) for left, right in self.cannot_rows().tolist()]

    def cannot_rows(self) -> IntArray:
        """Give `cannot_pairs` as an array (e, 2)."""
        links = self._followed()
        apart = [pair for said in (self._said, self._held) for pair, link in said.items() if link is Verdict.DIFFERENT]
        if links.any_frozen:
            apart = [pair for pair in apart if not links.frozen(pair[0]) and not links.frozen(pair[1])]
        rows = np.fromiter(itertools.chain.from_iterable(apart), np.int64, 2 * len(apart)).reshape(-1, 2)
        return rows[np.lexsort((rows[:, 1], rows[:, 0]))]

    def conflicts(self) -> list[Conflict]:
        """Give what disagrees, sorted: tied pairs, and "different" pairs inside a group."""
        links = self._followed()
        found: list[Conflict] = []
        if not self._ties and not links.any_frozen:  # nearly always: no walk over a long log
            return found
        beside: dict[int, list[int]] | None = None
        for pair in sorted(self._votes):
            if self._tied(pair):
                found.append(Conflict((pair,)))
            elif self._link(pair) is Verdict.DIFFERENT and links.find(pair[0]) == links.find(pair[1]):
                beside = beside_of(self._same_pairs()) if beside is None else beside
                found.append(Conflict((pair, *chain(beside, *pair))))
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
        self._followed()
        dropped = self._pair(left, right)
        same = [*self._same_pairs(), *(pair for pair, link in self._held.items() if link is Verdict.SAME)]
        beside = beside_of(pair for pair in same if pair != dropped)
        return reached(beside, left), reached(beside, right)

    def excluded_rows(self) -> IntArray:
        """Give the rows that stay out of training: bad images and groups in conflict, sorted."""
        frozen = [row for rows in self._components() if self._links.frozen(rows[0]) for row in rows]
        return np.union1d(self.bad_rows(), np.array(frozen, np.int64))

    def n_inferred(self) -> int:
        """Count the pairs of rows that follow from the answers without having been asked, or known from the data."""
        if self.mode == "pair":
            return 0
        links = self._followed()
        if not self._held and not links.any_frozen:  # every pair that votes decide follows from them
            return links.n_known() - len(self._said)
        data = self._data()
        asked = (pair for pair in self._said if links.verdict(*pair))
        return links.n_known() - data.n_known() - sum(1 for pair in asked if data.verdict(*pair) is None)

    def n_imported(self) -> int:
        """Count the pairs of rows that follow from the imported links that hold, outside conflicts."""
        return self._data().n_known()

    def _data(self) -> Closure:
        """Follow the imported links that hold."""
        links, data = self._followed(), Closure()
        for pair, link in self._held.items():
            if not links.frozen(pair[0]) and not links.frozen(pair[1]):
                data.add(pair, link)
        return data

    # -- links ---------------------------------------------------------------------------------

    def _followed(self) -> Closure:
        """Give what follows from all links, worked out anew where one was taken back."""
        if self._dirty:
            self._links, self._held, self._dirty = Closure(), {}, False
            for pair in self._votes:
                self._links.add(pair, self._link(pair))
            for pair, link in self._weak:
                self._hold(pair, link)
        return self._links

    def _hold(self, pair: Pair, link: Verdict) -> None:
        """Take an imported link, unless somebody decided the pair, or it is against what follows, or in a conflict."""
        links = self._links
        said = self._link(pair) is not None or self._tied(pair)
        if not said and not any(links.frozen(row) for row in pair) and links.verdict(*pair) in (None, link):
            links.add(pair, link)
            self._held[pair] = link

    def _link(self, pair: Pair) -> Verdict | None:
        same, different, _ = self._votes.get(pair, _NO_VOTES)
        if same == different:
            return None
        return Verdict.SAME if same > different else Verdict.DIFFERENT

    def _tied(self, pair: Pair) -> bool:
        same, different, _ = self._votes.get(pair, _NO_VOTES)
        return same == different > 0

    def _same_pairs(self) -> list[Pair]:
        return [pair for pair, link in self._said.items() if link is Verdict.SAME]

    def _components(self) -> list[tuple[int, ...]]:
        links = self._followed()
        return links.groups(links.joined_rows())


_COLUMN = {Verdict.SAME: 0, Verdict.DIFFERENT: 1, Verdict.UNSURE: 2, Verdict.BAD_IMAGE: 2}
_NO_VOTES = (0, 0, 0)
_OUTWEIGHS = 1 << 30  # votes that what settles a conflict counts for
_SETTLES = frozenset({Kind.CONFLICT, Kind.SPLIT, Kind.UNMERGE})
