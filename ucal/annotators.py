"""Who answers when no person does: the oracle, and a script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ucal.errors import ConfigError
from ucal.types import Answer, IntArray, Question, Verdict

PAIR_SECONDS = 2.5  # a person's time for one pair (docs/methods.md, cost of a human answer)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Answer from ground truth, with mistakes.

    identities (n,) int64, all known. `error` and `unsure` are shares of the answers. What it says
    of a question depends on (seed, question id) alone, never on the order, so a run that was
    interrupted or spread over workers gets the same answers.
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
            yield Answer(
                id=hashlib.sha256(f"oracle:{self.seed}:{question.id}".encode()).hexdigest()[:32],
                left=question.left,
                right=question.right,
                verdict=self._verdict(question),
                question=question.id,
                person="oracle",
                round=question.round,
                seconds=PAIR_SECONDS,
            )

    def _verdict(self, question: Question) -> Verdict:
        same = bool(self.identities[question.left] == self.identities[question.right])
        if self._draw("unsure", question) < self.unsure:
            return Verdict.UNSURE
        if self._draw("error", question) < self.error:
            same = not same
        return Verdict.SAME if same else Verdict.DIFFERENT

    def _draw(self, what: str, question: Question) -> float:
        """Draw a number in [0, 1) that belongs to (seed, what, question)."""
        digest = hashlib.sha256(f"{self.seed}:{what}:{question.id}".encode()).digest()
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
