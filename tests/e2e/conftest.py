"""A browser, and a server whose store is filled beforehand: no worker, no training, only questions to answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from backend import migrate
from backend.auth import hash_password
from backend.schemas import Role
from tests.backend.world import PASSWORD, World, make_world
from tests.services import HOST
from tests.stack import Stack, stack

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


@dataclass
class Product:
    """A served store: `run_id` asks PAIRS unrelated pairs, `large_run_id` one pair of two large groups."""

    stack: Stack
    world: World
    project_id: str
    run_id: str
    large_run_id: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.stack.port}"

    def serve(self) -> None:
        """Start the server, or start it again on the same port."""
        self.stack.start("server", ["ucal", "serve", "--no-worker", "--port", str(self.stack.port)])
        self.stack.wait_until_served(180)  # two busy cores start it slowly


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Serve a store with people, pictures and two runs that ask."""
    folder = tmp_path_factory.mktemp("e2e")
    world = make_world(folder, None)
    migrate.upgrade(world.settings.database)
    world.person("ada", Role.ADMIN, hash_password(PASSWORD))
    project = world.project(2 * PAIRS)
    run = world.run(project)
    world.ask(run, *((2 * i, 2 * i + 1) for i in range(PAIRS)))
    large = world.run(project)
    world.ask_large(large, range(6), range(6, 11))
    with stack(folder, {}) as made:
        product = Product(made, world, project.id, run.id, large.id)
        product.serve()
        yield product
    world.close()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


def sign_in(page: Page) -> None:
    """Sign in as the admin of the filled store, by the API: the page itself has its own test."""
    said = page.request.post("/api/v1/session", data={"name": "ada", "password": PASSWORD}, headers={"X-UCAL": "1"})
    assert said.ok, said.text()
