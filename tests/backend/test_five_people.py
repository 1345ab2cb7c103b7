"""Five people at once, two answers a question, one person careless: what the API says is what the log says."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import permutations
from math import sqrt
from typing import Any

import pytest

from backend.schemas import Role
from backend.store import answers
from backend.store.models import Question
from tests.backend.world import Client, World
from ucal.memory import LabelMemory

pytestmark = pytest.mark.slow

NAMES = ("ann", "ben", "cat", "dan", "careless")
ASKED = 100
GOLD_RATE = 0.5
WRONG = (2, 5, 8)  # of ten answers in a row, those that the careless one gets wrong


def truth_of(question: dict[str, Any]) -> str:
    left, right = (question[side]["images"][0]["row"] for side in ("left", "right"))
    return "same" if left // 3 == right // 3 else "different"  # three pictures of each identity


@dataclass
class Annotator:
    """Somebody at the page: asks for more, answers, stalls at times, sends some answers twice."""

    name: str
    client: Client
    run_id: str
    done: threading.Event
    faults: list[str] = field(default_factory=list)
    given: int = 0
    longest: list[int] = field(default_factory=list)  # questions leased at once

    def work(self) -> None:
        dice = random.Random(self.name)
        try:
            while not self.done.is_set():
                leases = self._post("leases", {"count": dice.randint(1, 6)})["leases"]
                self.longest.append(len(leases))
                dropped: set[str] = set()
                for lease in leases:
                    if lease["question"]["id"] not in dropped:
                        dropped.update(self._answer(lease, dice))
                if not leases:
                    time.sleep(0.02)
        except Exception as error:
            self.faults.append(f"{self.name}: {error!r}")

    def _answer(self, lease: dict[str, Any], dice: random.Random) -> list[str]:
        """Answer a question; give the ids of those that a page drops: somebody else needs them, or they are settled."""
        verdict = truth_of(lease["question"])
        if self.name == "careless" and self.given % 10 in WRONG:
            verdict = "different" if verdict == "same" else "same"
        body = {"id": f"{self.name}-{self.given:05}", "question_id": lease["question"]["id"], "verdict": verdict}
        body |= {"fence": lease["fence"], "seconds": 1.0}
        self.given += 1
        said = self._post("answers", body)["withdrawn"]
        if dice.random() < 0.1:
            said += self._post("answers", body)["withdrawn"]
        if dice.random() < 0.1:
            time.sleep(dice.uniform(0.0, 0.05))
        return list(said)

    def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        said = self.client.api("POST", f"/runs/{self.run_id}/{what}", body)
        assert said.status_code == 200, said.text
        found: dict[str, Any] = said.json()
        return found


def listed(admin: Client, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        query = f"mine=false&standing=true&limit=500&offset={len(found)}"
        part = admin.api("GET", f"/runs/{run_id}/answers?{query}").json()
        found += part
        if len(part) < 500:
            return found


def alpha_by_hand(units: list[list[str]]) -> float:
    """Krippendorff's alpha from its definition: mean disagreement of pairs within units, and of all pairs."""
    values = [value for unit in units for value in unit]
    within = sum(sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units) / len(values)
    chance = sum(a != b for a, b in permutations(values, 2)) / (len(values) * (len(values) - 1))
    return 1 - within / chance


def wilson_by_hand(right: int, n: int) -> list[float]:
    z, p = 1.959964, right / n
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))]


def all_answered(world: World, run_id: str) -> bool:
    with world.scope(read_only=True) as session:
        return session.query(Question).filter_by(run_id=run_id, state="open").count() == 0


def test_five_people_at_once_with_overlap_two_and_one_careless(both: World):
    project, admin = both.project(6 * ASKED // 2), both.admin()
    admin.api("PATCH", f"/projects/{project.id}", {"votes": 2, "gold_rate": GOLD_RATE})
    run = both.run(project)
    ids = both.ask(run, *((2 * i, 2 * i + 1) for i in range(ASKED)))
    done = threading.Event()
    people = [Annotator(name, both.browser(both.person(name, Role.ANNOTATOR)), run.id, done) for name in NAMES]
    threads = [threading.Thread(target=one.work) for one in people]
    for thread in threads:
        thread.start()
    while not all_answered(both, run.id) and not any(one.faults for one in people):
        time.sleep(0.2)
    done.set()
    for thread in threads:
        thread.join()
    assert [fault for one in people for fault in one.faults] == []

    log = listed(admin, run.id)
    assert len(log) == len({event["id"] for event in log}) == sum(one.given for one in people)
    with both.scope(read_only=True) as session:
        gold = {one.id: one.gold for one in session.query(Question).filter(Question.gold.is_not(None))}
        memory = LabelMemory(project.n_train, answers=answers.read_log(session, run.id))
    votes: dict[str, list[tuple[str, str]]] = {id_: [] for id_ in ids}
    checks: dict[str, list[bool]] = {name: [] for name in NAMES}
    for event in reversed(log):  # oldest first
        if event["question_id"] in gold:
            checks[event["person"]].append(event["verdict"] == gold[event["question_id"]])
        else:
            votes[event["question_id"]].append((event["person"], event["verdict"]))

    # No question over its votes, nobody twice, a third exactly where two disagree.
    for said in votes.values():
        verdicts = [verdict for _, verdict in said]
        assert len({person for person, _ in said}) == len(said)
        assert len(said) == (2 if verdicts[0] == verdicts[1] else 3)
    assert any(len(said) == 3 for said in votes.values())

    # One verdict each, and right everywhere: a careless answer meets two careful ones.
    assert memory.n_answers == ASKED
    assert all((left // 3 == right // 3) == (memory.verdict(left, right) == "same") for left, right in pairs_of(memory))

    # Nobody starved.
    share = Counter(person for said in votes.values() for person, _ in said)
    assert min(share[name] for name in NAMES) >= sum(share.values()) / len(NAMES) / 4, share

    # What the API says of agreement and accuracy is what the log gives by hand.
    quality = admin.api("GET", f"/runs/{run.id}/quality").json()
    assert quality["judged_twice"] == ASKED
    assert quality["alpha"] == pytest.approx(
        alpha_by_hand([[verdict for _, verdict in said] for said in votes.values()])
    )
    assert quality["kappa"] is None
    assert quality["disagreements"] == sum(len(said) == 3 for said in votes.values())
    found = {person["name"]: person for person in quality["people"]}
    for name in NAMES:
        right = checks[name]
        assert (found[name]["gold"], found[name]["gold_right"]) == (len(right), sum(right))
        assert found[name]["gold_interval"] == pytest.approx(wilson_by_hand(sum(right), len(right)))
    # The careless one is found by the pairs of known truth, and nobody else.
    assert [name for name in NAMES if found[name]["careless"]] == ["careless"]
    assert found["careless"]["weight"] < 0.6 < 0.99 < min(found[name]["weight"] for name in NAMES[:4])


def pairs_of(memory: LabelMemory) -> list[tuple[int, int]]:
    return [(one.left, one.right) for one in memory.answers]
