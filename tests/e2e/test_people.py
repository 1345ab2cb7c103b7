"""Five browsers at once, two answers a question, one person careless: the run page finds them by known pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.auth import hash_password
from backend.store.models import Answer, Question
from tests.backend.world import PASSWORD
from tests.e2e.conftest import Product, signed_in
from tests.e2e.rules import WIDE, faults, shoot, window

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

NAMES = ("eve", "ann", "ben", "cat", "dan")
CARELESS = "eve"
ASKED = 20
READY = "[data-testid=label-stage][data-armed=true], [data-testid=label-empty]"


@dataclass
class Annotator:
    """Somebody at a browser who knows the truth; the careless one errs in half the checks, a third of the rest."""

    name: str
    page: Page
    product: Product
    run_id: str
    given: int = 0
    checks: int = 0

    def answer_one(self) -> bool:
        """Answer what is shown; False where nothing is."""
        self.page.wait_for_selector(READY, timeout=90_000)  # two busy cores, six browsers
        stage = self.page.locator("[data-testid=label-stage]")
        if stage.count() == 0:
            return False
        asked = stage.get_attribute("data-question") or ""
        with self.product.world.scope(read_only=True) as session:
            question = session.get_one(Question, (self.run_id, asked))
            same = question.left_row // 3 == question.right_row // 3  # three pictures of each identity
        wrong = self.name == CARELESS and (self.given % 3 == 1 if question.gold is None else self.checks % 2 == 0)
        self.page.keyboard.press("s" if same != wrong else "d")
        self.given += question.gold is None
        self.checks += question.gold is not None
        changed = f"""() => document.querySelector("[data-testid=label-stage]")?.dataset.question !== "{asked}" """
        self.page.wait_for_function(changed)
        return True


def open_count(product: Product, run_id: str) -> int:
    with product.world.scope(read_only=True) as session:
        return session.query(Question).filter_by(run_id=run_id, state="open").count()


def test_five_people_at_once_with_overlap_two_and_one_careless(
    browser: Browser, product: Product, session: dict[str, Any]
):
    world = product.world
    project = world.project(6 * ASKED)
    world.admin().api("PATCH", f"/projects/{project.id}", {"votes": 2, "gold_rate": 0.5})
    run = world.run(project)
    world.ask(run, *((2 * i, 2 * i + 1) for i in range(ASKED)))
    secret = hash_password(PASSWORD)
    people = []
    for name in NAMES:
        world.person(name, password_hash=secret)
        own = signed_in(browser, product.url, name)
        page = window(browser, product.url, own, viewport={"width": 1000, "height": 700})
        people.append(Annotator(name, page, product, run.id))
    for one in people:
        one.page.goto(f"/runs/{run.id}/label")
        one.page.wait_for_selector(READY)
    for _ in range(20 * ASKED):
        if open_count(product, run.id) == 0:
            break
        answered = [one.answer_one() for one in people]
        if not any(answered):
            people[0].page.wait_for_timeout(500)
    assert open_count(product, run.id) == 0
    for one in people:
        expect(one.page.get_by_test_id("unsent")).to_have_count(0, timeout=20_000)

    with world.scope(read_only=True) as store:
        checks = {one.id for one in store.query(Question).filter(Question.gold.is_not(None))}
        given = store.query(Answer).filter(Answer.run_id == run.id, Answer.source == "people")
        events = given.order_by(Answer.seq).all()
        votes: dict[str, list[tuple[str, str]]] = {}
        for event in events:
            votes.setdefault(event.question_id, []).append((event.person_id, event.verdict))
    assert len(votes) == ASKED
    assert not checks & set(votes)
    for said in votes.values():
        verdicts = [verdict for _, verdict in said]
        assert len({person for person, _ in said}) == len(said)
        assert len(said) == (2 if verdicts[0] == verdicts[1] else 3)
    assert min(one.given for one in people) > 0, {one.name: one.given for one in people}

    admin = window(browser, product.url, session, reduced_motion="reduce")
    found = oversee(admin, run.id, sum(len(said) == 3 for said in votes.values()))
    assert not found, "\n".join(found)
    for page in (admin, *(one.page for one in people)):
        page.context.close()


def oversee(admin: Page, run_id: str, disputed: int) -> list[str]:
    """Find the careless one and the disputes; give the rules that these pages break."""
    admin.goto(f"/runs/{run_id}")
    careless = admin.locator("[data-testid=run-people] tr[data-careless]")
    expect(careless).to_have_count(1)
    expect(careless).to_contain_text(CARELESS)
    expect(careless).to_contain_text("often wrong")
    admin.get_by_test_id("run-people").scroll_into_view_if_needed()
    shoot(admin, "people-careless")
    found = faults(admin, "run-people")
    admin.set_viewport_size(WIDE)
    admin.locator(f"a[href='/runs/{run_id}/disagreements']").click()
    items = admin.locator("[data-testid=disputes] > li")
    expect(items).to_have_count(disputed)
    items.first.get_by_role("button", name="Different").click()
    expect(items.first.get_by_role("button", name="Different")).to_have_attribute("aria-pressed", "true")
    items.first.get_by_role("button", name="Forget").click()
    expect(items.first.get_by_role("button", name="Different")).to_have_attribute("aria-pressed", "false")
    return found + faults(admin, "disagreements-listed")
