"""Five browsers at once, two answers a question, one person careless: the run page finds them by known pairs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.auth import hash_password
from backend.store.models import Answer, Question
from tests.backend.world import PASSWORD
from tests.e2e.conftest import Product, sign_in
from tests.stack import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

SHOTS = ROOT / "tests" / "e2e" / "shots"
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


def signed_in_as(browser: Browser, product: Product, name: str) -> Page:
    page = browser.new_context(viewport={"width": 1000, "height": 700}, base_url=product.url).new_page()
    body = {"name": name, "password": PASSWORD}
    assert page.request.post("/api/v1/session", data=body, headers={"X-UCAL": "1"}).ok
    return page


def test_five_people_at_once_with_overlap_two_and_one_careless(browser: Browser, product: Product):
    world = product.world
    project = world.project(6 * ASKED)
    world.admin().api("PATCH", f"/projects/{project.id}", {"votes": 2, "gold_rate": 0.5})
    run = world.run(project)
    world.ask(run, *((2 * i, 2 * i + 1) for i in range(ASKED)))
    secret = hash_password(PASSWORD)
    people = []
    for name in NAMES:
        world.person(name, password_hash=secret)
        people.append(Annotator(name, signed_in_as(browser, product, name), product, run.id))
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

    with world.scope(read_only=True) as session:
        checks = {one.id for one in session.query(Question).filter(Question.gold.is_not(None))}
        given = session.query(Answer).filter(Answer.run_id == run.id, Answer.source == "people")
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

    admin = browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=product.url, locale="en-GB"
    ).new_page()
    sign_in(admin)
    admin.goto(f"/runs/{run.id}")
    careless = admin.locator("[data-testid=run-people] tr[data-careless]")
    expect(careless).to_have_count(1)
    expect(careless).to_contain_text(CARELESS)
    expect(careless).to_contain_text("often wrong")
    SHOTS.mkdir(exist_ok=True)
    admin.get_by_test_id("run-people").scroll_into_view_if_needed()
    admin.screenshot(path=SHOTS / "people-careless.png")
    admin.locator(f"a[href='/runs/{run.id}/disagreements']").click()
    disputed = [said for said in votes.values() if len(said) == 3]
    items = admin.locator("[data-testid=disputes] > li")
    expect(items).to_have_count(len(disputed))
    items.first.get_by_role("button", name="Different").click()
    expect(items.first.get_by_role("button", name="Different")).to_have_attribute("aria-pressed", "true")
    items.first.get_by_role("button", name="Forget").click()
    expect(items.first.get_by_role("button", name="Different")).to_have_attribute("aria-pressed", "false")
    admin.screenshot(path=SHOTS / "disagreements.png")
    for page in (admin, *(one.page for one in people)):
        page.context.close()
