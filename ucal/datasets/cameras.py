"""Generated cameras: what stands behind people, and what a camera does to their picture.

One knob, `hard`, scales everything in which cameras differ; 0 = all see the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ucal.datasets.pen import HEIGHT, WIDTH
from ucal.datasets.people import CLOTHS
from ucal.types import ByteArray, FloatArray

Rgb = tuple[float, float, float]

VIEWS = ("front", "back", "side")
PLACES = ("pavement", "lawn", "brick", "shop", "hall", "road")
_SET, _DRAWS = 4, 31  # cameras that are spread together; sets of which the typical one is taken
_PROPERTIES = 13  # of a camera that are spread
_SCENE_HEIGHT, _SCENE_WIDTH = 300, 420  # of a whole scene, pixels; a picture shows a part of it

_GROUNDS = {
    "pavement": ((150, 148, 142), (176, 180, 182)),
    "lawn": ((104, 128, 74), (148, 166, 150)),
    "brick": ((138, 134, 128), (150, 92, 74)),
    "shop": ((122, 122, 126), (92, 98, 108)),
    "hall": ((186, 180, 168), (214, 210, 202)),
    "road": ((92, 94, 98), (158, 168, 178)),
}  # place -> colour of the ground, colour of what rises behind


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera. Gains and offsets are per channel, on pixels of 0..255."""

    gain: tuple[float, float, float]
    offset: tuple[float, float, float]
    gamma: float
    saturation: float
    blur: float  # radius, pixels of the 256x128 drawing
    noise: float  # standard deviation
    views: tuple[float, float, float]  # how often people are seen from the front, back, side
    occluder: float  # probability that something stands in front
    gradient: float  # of the light, from left to right
    detail: float  # share of the resolution that is kept
    horizon: float  # share of the height
    place: str  # one of PLACES
    ground: Rgb
    wall: Rgb  # what rises behind
    scene: ByteArray  # (300, 420, 3)


def make_cameras(rng: np.random.Generator, count: int, hard: float) -> tuple[Camera, ...]:
    """Make cameras that differ as much as `hard` says.

    They come in sets of four. In a set the properties are spread evenly (a Latin hypercube: every
    quarter of a range has one of the four), no two cameras stand at one place, and of 31 such sets
    the one is taken whose cameras differ in colour as much as is typical. Free draws make the
    cameras of some seeds several times as hard as those of others.
    """
    cameras: list[Camera] = []
    while len(cameras) < count:
        sets = sorted((_draw_set(rng, hard) for _ in range(_DRAWS)), key=_difference)
        cameras += [replace(camera, scene=_make_scene(rng, camera)) for camera in sets[_DRAWS // 2]]
    return tuple(cameras[:count])


def _draw_set(rng: np.random.Generator, hard: float) -> list[Camera]:
    ranks = rng.permuted(np.tile(np.arange(_SET), (_PROPERTIES, 1)), axis=1)
    spread = (ranks + rng.uniform(size=ranks.shape)) / _SET
    places = rng.permutation(len(PLACES))
    return [
        _draw_camera(rng, PLACES[int(place)], [float(u) for u in column], hard)
        for place, column in zip(places, spread.T, strict=False)
    ]


def _draw_camera(rng: np.random.Generator, place: str, spread: Sequence[float], hard: float) -> Camera:
    """Give a camera without its scene; `spread` says where in its range each property lies (0 to 1)."""
    shares = iter(spread)

    def within(low: float, high: float) -> float:
        return low + (high - low) * next(shares)

    views = rng.dirichlet((3.0, 3.0, 3.0))
    ground, wall = (_triple(colour + rng.uniform(-22, 22, 3)) for colour in np.array(_GROUNDS[place]))
    return Camera(
        gain=(1 + hard * within(-0.22, 0.22), 1 + hard * within(-0.22, 0.22), 1 + hard * within(-0.22, 0.22)),
        offset=(hard * within(-12, 12), hard * within(-12, 12), hard * within(-12, 12)),
        gamma=math.exp(hard * within(-0.4, 0.4)),
        saturation=1 - hard * within(0, 0.45),
        blur=within(0.3, 1 + 0.8 * hard),
        noise=within(2, 4 + 7 * hard),
        views=_triple(views),
        occluder=0.18 * hard,
        gradient=hard * within(-0.25, 0.25),
        detail=1 - hard * within(0, 0.3),
        horizon=within(0.42, 0.62),
        place=place,
        ground=ground,
        wall=wall,
        scene=np.zeros((0, 0, 3), np.uint8),
    )


def _triple(values: NDArray[np.float64]) -> Rgb:
    first, second, third = (float(value) for value in values)
    return (first, second, third)


def _difference(cameras: Sequence[Camera]) -> float:
    """Say how differently cameras show the same cloths, and half as much how different their places are."""
    cloths = [_grade(camera, np.array(CLOTHS, np.float32), 1, 1) for camera in cameras]
    places = [np.array([camera.ground, camera.wall], np.float32) for camera in cameras]
    total = 0.0
    for shown, weight in ((cloths, 1.0), (places, 0.5)):
        pairs = [float(np.sqrt(np.mean((a - b) ** 2))) for a, b in itertools.combinations(shown, 2)]
        total += weight * sum(pairs) / len(pairs)
    return total


def _make_scene(rng: np.random.Generator, camera: Camera) -> ByteArray:
    scene = Image.new("RGB", (_SCENE_WIDTH, _SCENE_HEIGHT), _whole(camera.wall))
    draw = ImageDraw.Draw(scene)
    line = int(camera.horizon * _SCENE_HEIGHT)
    _furnish(draw, rng, camera.place, line)
    draw.rectangle((0, line, _SCENE_WIDTH, _SCENE_HEIGHT), fill=_whole(camera.ground))
    _pave(draw, rng, camera.place, line)
    pixels = np.asarray(scene.filter(ImageFilter.GaussianBlur(1.4)), dtype=np.float32)
    depth = np.linspace(1.08, 0.9, _SCENE_HEIGHT, dtype=np.float32)[:, None, None]
    return _to_bytes(pixels * depth * _cloud(rng, (_SCENE_HEIGHT, _SCENE_WIDTH), 0.07)[..., None])


def _whole(colour: Rgb) -> tuple[int, int, int]:
    return (int(colour[0]), int(colour[1]), int(colour[2]))


def _furnish(draw: ImageDraw.ImageDraw, rng: np.random.Generator, place: str, line: int) -> None:
    """Draw what rises behind people: windows, bricks, trees, panels."""
    if place == "brick":
        for row, y in enumerate(range(0, line, 13)):
            draw.line((0, y, _SCENE_WIDTH, y), fill=(122, 82, 70), width=2)
            for x in range((row % 2) * 15, _SCENE_WIDTH, 30):
                draw.line((x, y, x, y + 13), fill=(122, 82, 70), width=2)
        return
    if place == "lawn":
        for _ in range(26):
            x_tree, y_tree, r = rng.uniform(0, _SCENE_WIDTH), rng.uniform(0, line), rng.uniform(14, 38)
            green = int(rng.uniform(72, 120))
            draw.ellipse((x_tree - r, y_tree - r, x_tree + r, y_tree + r), fill=(green - 24, green, green - 40))
        return
    width, tall = int(rng.integers(34, 90)), int(line * rng.uniform(0.5, 0.85))
    glass = int(rng.uniform(60, 130) if place in ("shop", "road") else rng.uniform(175, 225))
    for x in range(int(rng.integers(4, 30)), _SCENE_WIDTH, width + int(rng.integers(8, 30))):
        draw.rectangle((x, line - tall, x + width, line - 6), fill=(glass, glass + 6, glass + 12))
        draw.line((x + width // 2, line - tall, x + width // 2, line - 6), fill=(glass - 30,) * 3, width=3)


def _pave(draw: ImageDraw.ImageDraw, rng: np.random.Generator, place: str, line: int) -> None:
    """Draw joints of slabs, lane marks or blades on the ground."""
    if place == "lawn":
        for _ in range(260):
            x, y = rng.uniform(0, _SCENE_WIDTH), rng.uniform(line, _SCENE_HEIGHT)
            green = int(rng.uniform(84, 140))
            draw.line((x, y, x + 2, y - 5), fill=(green - 22, green, green - 50), width=2)
        return
    if place == "road":
        draw.line((0, line + 34, _SCENE_WIDTH, line + 26), fill=(206, 204, 190), width=5)
        return
    for step in range(1, 7):
        y = line + int((_SCENE_HEIGHT - line) * (step / 6) ** 1.6)
        draw.line((0, y, _SCENE_WIDTH, y), fill=(112, 110, 106), width=2)
    slope = float(rng.uniform(-60, 60))
    for x in range(-60, _SCENE_WIDTH + 60, 46):
        draw.line((x, line, x + slope, _SCENE_HEIGHT), fill=(116, 114, 110), width=2)


def _cloud(rng: np.random.Generator, shape: tuple[int, int], strength: float) -> FloatArray:
    """Give a smooth field about 1: patches of light and shade."""
    coarse = Image.fromarray(rng.uniform(0, 255, (6, 8)).astype(np.uint8))
    field = np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float32)
    return 1 + strength * (field / 127.5 - 1)


def _grade(camera: Camera, pixels: FloatArray, gain: float, gamma: float) -> FloatArray:
    """Give colours (..., 3) in 0..255 as this camera shows them; `gain` and `gamma` are the picture's own."""
    own = np.asarray(camera.gain, dtype=np.float32) * np.float32(gain)
    lit = np.clip((pixels * own + np.asarray(camera.offset, dtype=np.float32)) / np.float32(255), 0, 1)
    lit = lit ** np.float32(camera.gamma * gamma)
    grey = (lit @ np.full(3, 1 / 3, dtype=np.float32))[..., None]
    graded: FloatArray = np.float32(255) * (grey + (lit - grey) * np.float32(camera.saturation))
    return graded


def develop(camera: Camera, pixels: FloatArray, rng: np.random.Generator) -> Image.Image:
    """Do to a picture (256, 128, 3) in 0..255 what this camera does."""
    slope = np.linspace(-camera.gradient, camera.gradient, WIDTH, dtype=np.float32)[None, :, None]
    gain, gamma = float(rng.uniform(0.92, 1.08)), math.exp(rng.uniform(-0.08, 0.08))
    coloured = _grade(camera, pixels * (1 + slope), gain, gamma)
    image = Image.fromarray(_to_bytes(coloured))
    image = image.filter(ImageFilter.BoxBlur(camera.blur))
    if camera.detail < 0.98:
        small = (max(8, round(WIDTH * camera.detail)), max(16, round(HEIGHT * camera.detail)))
        image = image.resize(small, Image.Resampling.BILINEAR).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    grain = rng.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32) * np.float32(camera.noise)
    return Image.fromarray(_to_bytes(np.asarray(image, dtype=np.float32) + grain))


def backdrop(camera: Camera, rng: np.random.Generator) -> FloatArray:
    """Give the part of the scene (256, 128, 3) that a picture shows, with the clutter of the moment."""
    x = int(rng.integers(0, _SCENE_WIDTH - WIDTH + 1))
    y = int(rng.integers(0, _SCENE_HEIGHT - HEIGHT + 1))
    view = Image.fromarray(camera.scene[y : y + HEIGHT, x : x + WIDTH])
    draw = ImageDraw.Draw(view)
    for _ in range(int(rng.integers(0, 3))):
        left, foot = float(rng.uniform(-20, WIDTH)), HEIGHT * (camera.horizon + float(rng.uniform(0, 0.2)))
        wide, tall = float(rng.uniform(8, 40)), float(rng.uniform(30, 120))
        colour = tuple(int(c) for c in rng.uniform(50, 190) + rng.uniform(-25, 25, 3))
        draw.rectangle((left, foot - tall, left + wide, foot), fill=colour)
        draw.line((left, foot - tall, left + wide, foot - tall), fill=tuple(c + 20 for c in colour), width=2)
    return np.asarray(view.filter(ImageFilter.BoxBlur(1)), dtype=np.float32) * np.float32(rng.uniform(0.9, 1.1))


def occlude(camera: Camera, pixels: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Perhaps put something between the camera and the person: a bollard, a bench, a bag on a trolley."""
    if rng.uniform() >= camera.occluder:
        return pixels
    image = Image.fromarray(_to_bytes(pixels))
    draw = ImageDraw.Draw(image)
    grey = rng.uniform(50, 150)
    colour = tuple(int(c) for c in grey + rng.uniform(-25, 25, 3))
    if rng.uniform() < 0.5:
        left, wide = float(rng.uniform(-10, WIDTH - 20)), float(rng.uniform(14, 34))
        box = (left, HEIGHT * float(rng.uniform(0.3, 0.6)), left + wide, HEIGHT)
    else:
        box = (-5.0, HEIGHT * float(rng.uniform(0.66, 0.82)), WIDTH * float(rng.uniform(0.5, 1.1)), HEIGHT)
    draw.rounded_rectangle(box, radius=6, fill=colour, outline=tuple(int(c * 0.7) for c in colour), width=2)
    return np.asarray(image, dtype=np.float32)


def _to_bytes(pixels: FloatArray) -> ByteArray:
    return np.clip(pixels, 0, 255).astype(np.uint8)
