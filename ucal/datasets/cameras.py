"""Generated cameras: what stands behind people, and what a camera does to their picture.

One knob, `hard`, scales everything in which cameras differ; 0 = all see the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ucal.datasets.pen import HEIGHT, WIDTH
from ucal.types import ByteArray, FloatArray

VIEWS = ("front", "back", "side")
PLACES = ("pavement", "lawn", "brick", "shop", "hall", "road")
_SCENE_HEIGHT, _SCENE_WIDTH = 300, 420  # of a whole scene, pixels; a picture shows a part of it

_GREY = np.float32(140)  # what places without contrast look like

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
    scene: ByteArray  # (300, 420, 3)


def make_cameras(rng: np.random.Generator, count: int, hard: float, scenery: float = 1.0) -> tuple[Camera, ...]:
    """Make cameras that differ as much as `hard` says, before places of so much contrast (1 full, 0 plain grey).

    The place is what a net without labels learns first: where it stands out, clusters are cameras.
    """
    return tuple(_make_camera(rng, hard, scenery) for _ in range(count))


def _make_camera(rng: np.random.Generator, hard: float, scenery: float) -> Camera:
    horizon = float(rng.uniform(0.42, 0.62))
    return Camera(
        gain=_triple(1 + hard * rng.uniform(-0.22, 0.22, 3)),
        offset=_triple(hard * rng.uniform(-12, 12, 3)),
        gamma=math.exp(hard * rng.uniform(-0.4, 0.4)),
        saturation=1 - hard * rng.uniform(0, 0.45),
        blur=float(rng.uniform(0.3, 1 + 0.8 * hard)),
        noise=float(rng.uniform(2, 4 + 7 * hard)),
        views=_triple(rng.dirichlet((1.2, 1.2, 1.2))),
        occluder=0.18 * hard,
        gradient=hard * float(rng.uniform(-0.25, 0.25)),
        detail=1 - hard * float(rng.uniform(0, 0.3)),
        horizon=horizon,
        scene=_make_scene(rng, horizon, scenery),
    )


def _triple(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return (first, second, third)


def _make_scene(rng: np.random.Generator, horizon: float, scenery: float) -> ByteArray:
    place = PLACES[int(rng.integers(len(PLACES)))]
    ground, wall = (tuple(int(c + rng.uniform(-22, 22)) for c in colour) for colour in _GROUNDS[place])
    scene = Image.new("RGB", (_SCENE_WIDTH, _SCENE_HEIGHT), wall)
    draw = ImageDraw.Draw(scene)
    line = int(horizon * _SCENE_HEIGHT)
    _furnish(draw, rng, place, line)
    draw.rectangle((0, line, _SCENE_WIDTH, _SCENE_HEIGHT), fill=ground)
    _pave(draw, rng, place, line)
    pixels = np.asarray(scene.filter(ImageFilter.GaussianBlur(1.4)), dtype=np.float32)
    pixels = _GREY + (pixels - _GREY) * np.float32(scenery)
    depth = np.linspace(1.08, 0.9, _SCENE_HEIGHT, dtype=np.float32)[:, None, None]
    return _to_bytes(pixels * depth * _cloud(rng, (_SCENE_HEIGHT, _SCENE_WIDTH), 0.07)[..., None])


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


def develop(camera: Camera, pixels: FloatArray, rng: np.random.Generator) -> Image.Image:
    """Do to a picture (256, 128, 3) in 0..255 what this camera does."""
    slope = np.linspace(-camera.gradient, camera.gradient, WIDTH, dtype=np.float32)[None, :, None]
    gain = np.asarray(camera.gain, dtype=np.float32) * float(rng.uniform(0.92, 1.08))
    offset = np.asarray(camera.offset, dtype=np.float32)
    lit = np.clip((pixels * (1 + slope) * gain + offset) / np.float32(255), 0, 1, dtype=np.float32)
    lit = lit ** np.float32(camera.gamma * math.exp(rng.uniform(-0.08, 0.08)))
    grey = (lit @ np.full(3, 1 / 3, dtype=np.float32))[..., None]
    coloured: FloatArray = np.float32(255) * (grey + (lit - grey) * np.float32(camera.saturation))
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
