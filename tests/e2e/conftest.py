"""One browser, and one server whose store is filled beforehand: no worker, no training, only questions to answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Browser, Page, expect, sync_playwright

from backend import migrate
from backend.auth import hash_password
from backend.schemas import Role
from backend.store.models import Image, Project, Run
from tests.backend import asked
from tests.backend.world import PASSWORD, World, make_world
from tests.e2e.rules import remembers, window
from tests.services import HOST
from tests.stack import Stack, stack
from ucal import types as core

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PAIRS = 380
expect.set_options(timeout=30_000)  # busy cores paint late; what is waited for is the same


@dataclass
class Product:
    """A served store: `run_id` asks PAIRS unrelated pairs.

    `page_run_id` asks a page of ten tiles, a small one and a large merge; `conflict_run_id` a triangle of answers.
    The project has held-out images of six identities.
    """

    stack: Stack
    world: World
    project_id: str
    run_id: str
    page_run_id: str
    conflict_run_id: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.stack.port}"

    def serve(self) -> None:
        """Start the server, or start it again on the same port."""
        serve(self.stack)

    def new_run(self) -> Run:
        """Make a run of the project that asks nothing yet."""
        with self.world.scope(read_only=True) as session:
            project = session.get_one(Project, self.project_id)
        return self.world.run(project)


def serve(made: Stack) -> None:
    """Start a server without a worker."""
    made.start("server", ["ucal", "serve", "--no-worker", "--port", str(made.port)])
    made.wait_until_served(180)  # two busy cores start it slowly


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Serve a store with people, pictures and runs that ask; a test that needs its answers to itself makes its run."""
    folder = tmp_path_factory.mktemp("e2e")
    world = make_world(folder, None)
    migrate.upgrade(world.settings.database)
    world.person("ada", Role.ADMIN, hash_password(PASSWORD))
    project = world.project(2 * PAIRS)
    run = world.run(project)
    world.ask(run, *((2 * i, 2 * i + 1) for i in range(PAIRS)))
    paged, disputed = world.run(project), world.run(project)
    asked.publish(world, paged, *pages())
    asked.publish(world, disputed, asked.conflict((0, 3, "different"), (3, 6, "same"), (6, 0, "same")))
    hold_out(world, project.id)
    with stack(folder, {}) as made:
        product = Product(made, world, project.id, run.id, paged.id, disputed.id)
        product.serve()
        yield product
    world.close()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def session(browser: Browser, product: Product) -> dict[str, Any]:
    """Give what a browser keeps of a signed-in admin who has seen the first steps."""
    return signed_in(browser, product.url)


@pytest.fixture
def page(browser: Browser, product: Product, session: dict[str, Any]) -> Iterator[Page]:
    """Give a signed-in window in which every fault of the page fails the test."""
    yield from watched(window(browser, product.url, session))


@pytest.fixture
def phone(browser: Browser, product: Product, session: dict[str, Any]) -> Iterator[Page]:
    """Give the same at 360 px with touch."""
    size = {"width": 360, "height": 740}
    yield from watched(window(browser, product.url, session, viewport=size, has_touch=True, is_mobile=True))


@pytest.fixture(scope="module", params=["en", "zh"])
def reader(request: pytest.FixtureRequest, browser: Browser, product: Product, session: dict[str, Any]) -> Any:
    """Give a window that goes from page to page in one language, then in the other."""
    kept = remembers(session, language=request.param)
    yield from watched(window(browser, product.url, kept, reduced_motion="reduce"))


def watched(page: Page) -> Iterator[Page]:
    """Give the window; close it, and fail where its page threw."""
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    page.context.close()
    assert thrown == []


def pages() -> list[core.Question]:
    """Make pages, best first: ten tiles of which two are groups; three tiles; and one large group, ticked."""
    ten = asked.page(0, [1], [2], [12, 13, 14], [15, 16], *([row] for row in range(20, 26)), ticked=(1, 12))
    three = asked.page(30, [31], [32], [33], ticked=(31, 32))
    large = dataclasses.replace(asked.page(60, list(range(63, 68)), ticked=(63,)), left_rows=(60, 61, 62), left_size=4)
    best = enumerate([ten, three, large])
    return [dataclasses.replace(one, gain=9.0 - place, similarity=0.9 - place / 10) for place, one in best]


def hold_out(world: World, project_id: str) -> None:
    """Add gallery images of six identities, four each, to practise on; they share the training pictures' files."""
    with world.scope() as session:
        for row in range(24):
            facts = {"key": f"gallery-{row}.jpg", "path": str(world.settings.data_dir / "pictures" / f"{row}.jpg")}
            size = {"width": 32, "height": 64, "camera": row % 2}
            session.add(Image(project_id=project_id, split="gallery", row=row, identity=row // 4 + 1, **facts, **size))


def sign_in(request: APIRequestContext, name: str = "ada") -> None:
    """Sign in by the API: the page itself has its own test."""
    said = request.post("/api/v1/session", data={"name": name, "password": PASSWORD}, headers={"X-UCAL": "1"})
    assert said.ok, said.text()


def signed_in(browser: Browser, url: str, name: str = "ada") -> dict[str, Any]:
    """Sign in once, for as many windows as are wanted."""
    context = browser.new_context(base_url=url)
    sign_in(context.request, name)
    kept = {**context.storage_state(), "origins": [{"origin": url, "localStorage": []}]}
    context.close()
    return remembers(kept, tour="done")
