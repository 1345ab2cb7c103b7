"""A practice round: held-out images only, true to their identities, and a clear refusal where there is nothing."""

from __future__ import annotations

from typing import Any

import pytest

from backend.store.models import Image, Project
from tests.backend.world import World


def hold_out(world: World, project: Project, identities: list[int | None]) -> dict[str, int | None]:
    """Add gallery images of these identities; give identity by image id."""
    with world.scope() as session:
        images = [
            Image(
                project_id=project.id,
                split="gallery",
                row=row,
                key=f"g{row}.jpg",
                path="",
                identity=identity,
                camera=row % 2,
            )
            for row, identity in enumerate(identities)
        ]
        session.add_all(images)
        session.flush()
        return {image.id: image.identity for image in images}


def practice(world: World, seed: int = 0, project: str | None = None) -> dict[str, Any]:
    which = f"&project={project}" if project else ""
    answer = world.annotator().api("GET", f"/practice?seed={seed}{which}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("seed", range(5))
def test_every_question_of_a_round_is_of_held_out_images_and_true(world: World, seed: int):
    truth = hold_out(world, world.project(), [1, 1, 1, 1, 2, 2, 3, 3, 3, 4, None, 0, -1])
    made = practice(world, seed)
    assert [pair["same"] for pair in made["pairs"]].count(True) == 4
    for pair in made["pairs"]:
        left, right = pair["left"]["id"], pair["right"]["id"]
        assert left != right
        assert (truth[left] == truth[right]) is pair["same"]
    anchor = truth[made["anchor"]["id"]]
    for tile in made["tiles"]:
        assert (truth[tile["image"]["id"]] == anchor) is tile["same"]
    ids = [made["anchor"]["id"], *(tile["image"]["id"] for tile in made["tiles"])]
    assert len(set(ids)) == len(ids)
    assert any(tile["ticked"] != tile["same"] for tile in made["tiles"])


def test_the_same_seed_gives_the_same_round_and_another_gives_another(world: World):
    project = world.project()
    hold_out(world, project, [i // 4 + 1 for i in range(40)])
    assert practice(world, 3) == practice(world, 3, project.id)
    assert practice(world, 3) != practice(world, 4)


def test_without_held_out_identities_the_refusal_says_what_is_needed(world: World):
    project = world.project()
    hold_out(world, project, [None, 1, 0])
    answer = world.annotator().api("GET", "/practice")
    assert answer.status_code == 404
    assert "two known identities" in answer.json()["detail"]


def test_a_project_that_one_does_not_see_gives_no_practice(world: World):
    project = world.project(everyone=False)
    hold_out(world, project, [1, 1, 2, 2])
    assert world.annotator().api("GET", "/practice").status_code == 404
    assert world.annotator().api("GET", f"/practice?project={project.id}").status_code == 404
