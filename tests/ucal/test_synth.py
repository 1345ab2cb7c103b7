"""Generated people: same seed same pictures, right layout, no two dressed alike."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from ucal.datasets import read
from ucal.datasets.cameras import develop, make_cameras
from ucal.datasets.crowd import make_people
from ucal.datasets.opening import load_pixels
from ucal.datasets.synth import Plan, Studio, generate, render_arrays
from ucal.errors import ConfigError
from ucal.events import Event

SMALL = {"identities": 3, "cameras": 2, "images": 2, "height": 64, "width": 32, "seed": 5}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    first = generate(tmp_path / "a", **SMALL)
    again = generate(tmp_path / "b", **SMALL)
    other = generate(tmp_path / "c", **(SMALL | {"seed": 6}))
    names = sorted(path.relative_to(first) for path in first.rglob("*.jpg"))
    assert all((first / name).read_bytes() == (again / name).read_bytes() for name in names)
    assert any((first / name).read_bytes() != (other / name).read_bytes() for name in names)


def test_a_reader_finds_the_layout_with_disjoint_identities(tmp_path: Path) -> None:
    data = read(generate(tmp_path / "d", **SMALL), "market1501")
    assert len(data.train) == 3 * 2 * 2
    assert (len(data.query), len(data.gallery)) == (1 * 2, 1 * 2)
    assert not set(data.identities("train")) & set(data.identities("query"))
    assert set(data.identities("query")) == set(data.identities("gallery")) == {4}
    assert set(data.cameras("train")) == {1, 2}
    assert all(re.fullmatch(r"\d{4}_c\ds1_\d{6}_\d\d\.jpg", Path(image.key).name) for image in data.train)


def test_arrays_are_what_a_reader_would_open_from_the_files(tmp_path: Path) -> None:
    settings = SMALL | {"cameras": 11, "identities": 2}  # c10 sorts before c2: the order must be the reader's
    data = read(generate(tmp_path / "d", **settings), "market1501")
    arrays = render_arrays(Plan(**settings))
    for split, images in (("train", data.train), ("query", data.query), ("gallery", data.gallery)):
        pixels, bad = load_pixels(images, 64, 32)
        assert not bad
        np.testing.assert_array_equal(arrays[split].pixels, pixels)
        np.testing.assert_array_equal(arrays[split].identities, data.identities(split))
        np.testing.assert_array_equal(arrays[split].cameras, data.cameras(split))


def test_a_picture_depends_on_its_own_name_only() -> None:
    few, many = Studio(2, 2, 9, 1.5), Studio(8, 5, 9, 1.5)
    np.testing.assert_array_equal(few.pixels(1, 1, 0, (64, 32)), many.pixels(1, 1, 0, (64, 32)))


def test_no_two_people_are_dressed_alike_and_relatives_differ_little() -> None:
    people = make_people(np.random.default_rng(0), 300)
    clothes = {dataclasses.replace(person, build=1.0, height=1.0) for person in people}
    assert len(clothes) == 300
    fields = [field.name for field in dataclasses.fields(people[0])]
    pairs = [sum(getattr(a, f) != getattr(b, f) for f in fields) for a, b in itertools.pairwise(people)]
    assert np.mean(np.array(pairs) <= 7) > 0.4  # most neighbours are of one family


@pytest.mark.parametrize(("hard", "low", "high"), [(0.0, 0.0, 4.0), (1.5, 15.0, 255.0)])
def test_cameras_differ_as_much_as_they_are_told_to(hard: float, low: float, high: float) -> None:
    grey = np.full((256, 128, 3), 128, np.float32)
    cameras = make_cameras(np.random.default_rng(1), 6, hard)
    means = [np.asarray(develop(camera, grey, np.random.default_rng(2))).mean(axis=(0, 1)) for camera in cameras]
    assert low <= np.std(np.array(means), axis=0).mean() <= high


def test_plain_scenery_is_grey_and_full_scenery_is_not() -> None:
    def contrast(scenery: float) -> float:
        return float(
            np.mean([camera.scene.std() for camera in make_cameras(np.random.default_rng(1), 4, 1.5, scenery)])
        )

    assert contrast(0.0) < 0.8 * contrast(0.5) < 0.5 * contrast(1.0)


def test_nothing_held_out_gives_no_query() -> None:
    arrays = render_arrays(Plan(1, 1, 1, 32, 16, seed=0, held_out=0))
    assert arrays["train"].pixels.shape == (1, 32, 16, 3)
    assert arrays["query"].pixels.shape == arrays["gallery"].pixels.shape == (0, 32, 16, 3)


def test_progress_is_told(tmp_path: Path) -> None:
    events: list[Event] = []
    generate(tmp_path / "d", **SMALL, sink=events.append)
    assert events[-1].values == {"what": "synth", "done": 16, "total": 16}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"identities": 0}, "identities: expected at least 1, got 0"),
        ({"height": 4}, "height: expected at least 16"),
        ({"images": 1}, "images: expected at least 2"),
        ({"hard": 3.0}, "hard: expected 0 to 2"),
        ({"scenery": 1.5}, "scenery: expected 0 to 1"),
        ({"held_out": -1}, "held_out: expected at least 0"),
        ({"seed": -1}, "seed: expected at least 0"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Plan(**(SMALL | change))


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="expected an empty folder"):
        generate(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
