"""Who answers when no person does: the oracle, and a script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ucal.asking import answer_page
from ucal.costs import CARD_SECONDS, PAIR_SECONDS, cost_of
from ucal.errors import ConfigError
from ucal.types import Answer, IntArray, Kind, Question, Tile, Verdict


@dataclass(frozen=True, slots=True)
class Oracle:
    """Answer from ground truth, with mistakes.

    identities (n,) int64, all known. `error` and `unsure` are shares of the answers. What it says
    of a question depends on (seed, question id) alone, never on the order, so a run that was
    interrupted or spread over workers gets the same answers. On a page each tile has its own chance
    to be answered wrongly or "unsure"; odd rows are named rightly, or (an error) not noticed at all.
    In a conflict the first pair that contradicts the truth is named, or (an error) any other.
    """

    identities: IntArray
    seed: int = 0
    error: float = 0.0
    unsure: float = 0.0

    def __post_init__(self) -> None:
        """Refuse rates outside 0..1 and unknown identities."""
        for name, rate in (("error", self.error), ("unsure", self.unsure)):
            if not 0.0 <= rate <= 1.0:
                raise ConfigError(f"oracle {name}: expected 0 to 1, got {rate}")
        if (self.identities < 0).any():
            missing = int((self.identities < 0).sum())
            raise ConfigError(f"an oracle needs every identity: {missing} of {len(self.identities)} images have none")

    def __call__(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """Answer every question, one by one."""
        for question in questions:
            id_ = hashlib.sha256(f"oracle:{self.seed}:{question.id}".encode()).hexdigest()[:32]
            if question.tiles:
                yield self._page(question, id_)
            elif question.kind is Kind.CONFLICT:
                yield self._conflict(question, id_)
            else:
                yield Answer(
                    id=id_,
                    left=question.left,
                    right=question.right,
                    verdict=self._verdict(question),
                    question=question.id,
                    person="oracle",
                    round=question.round,
                    seconds=PAIR_SECONDS if question.kind is Kind.PAIR else CARD_SECONDS,
                    kind=question.kind,
                )

    def _page(self, page: Question, id_: str) -> Answer:
        verdicts = {tile.rows[0]: self._tile(page, tile) for tile in page.tiles}
        odd = {tile.rows[0]: self._odd(page, tile) for tile in page.tiles}
        answer = answer_page(page, verdicts, id_=id_, odd=odd, person="oracle")
        return replace(answer, seconds=cost_of(answer).seconds)

    def _tile(self, page: Question, tile: Tile) -> Verdict:
        of = f"{page.id}:{tile.rows[0]}"
        same = bool(self.identities[page.left] == self.identities[tile.rows[0]])
        if self._draw("unsure", of) < self.unsure:
            return Verdict.UNSURE
        if self._draw("error", of) < self.error:
            same = not same
        return Verdict.SAME if same else Verdict.DIFFERENT

    def _odd(self, page: Question, tile: Tile) -> tuple[int, ...]:
        if self._draw("unnoticed", f"{page.id}:{tile.rows[0]}") < self.error:
            return ()
        own = self.identities[tile.rows[0]]
        return tuple(row for row in tile.rows[1:] if self.identities[row] != own)

    def _conflict(self, question: Question, id_: str) -> Answer:
        wrong = [
            (left, right, verdict)
            for left, right, verdict in question.disputed
            if (verdict is Verdict.SAME) != bool(self.identities[left] == self.identities[right])
        ]
        others = [pair for pair in question.disputed if pair not in wrong]
        slips = self._draw("error", question.id) < self.error
        left, right, verdict = (others if others and (slips or not wrong) else wrong)[0]
        return Answer(
            id=id_,
            left=left,
            right=right,
            verdict=Verdict.DIFFERENT if verdict is Verdict.SAME else Verdict.SAME,
            question=question.id,
            person="oracle",
            round=question.round,
            seconds=CARD_SECONDS,
            kind=Kind.CONFLICT,
        )

    def _verdict(self, question: Question) -> Verdict:
        same = bool(self.identities[question.left] == self.identities[question.right])
        if self._draw("unsure", question.id) < self.unsure:
            return Verdict.UNSURE
        if self._draw("error", question.id) < self.error:
            same = not same
        return Verdict.SAME if same else Verdict.DIFFERENT

    def _draw(self, what: str, of: str) -> float:
        """Draw a number in [0, 1) that belongs to (seed, what, of)."""
        digest = hashlib.sha256(f"{self.seed}:{what}:{of}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64


@dataclass(frozen=True, slots=True)
class Scripted:
    """Answer the pairs it was told about and no others: for notebooks and tests."""

    verdicts: Mapping[tuple[int, int], Verdict]
    person: str = "script"

    def __call__(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """Answer the questions whose pair is in the script."""
        for question in questions:
            verdict = self.verdicts.get(question.pair)
            if verdict is not None:
                yield Answer(
                    id=f"{self.person}-{question.id}",
                    left=question.left,
                    right=question.right,
                    verdict=verdict,
                    question=question.id,
                    person=self.person,
                    round=question.round,
                )
