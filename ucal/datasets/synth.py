"""Generate a re-identification data set: confusable people before honest cameras.

Pictures are drawn at 256x128, go through their camera and are then brought to the wanted size.
Everything follows from the seed; a picture depends on its own name only, not on how many others
are made.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ucal.datasets.cameras import VIEWS, Camera, backdrop, develop, make_cameras, occlude
from ucal.datasets.crowd import make_people
from ucal.datasets.figures import draw_figure
from ucal.datasets.pen import HEIGHT, WIDTH
from ucal.datasets.people import Person, Pose
from ucal.errors import ConfigError
from ucal.events import Event, Sink, silent
from ucal.types import ByteArray, FloatArray, IntArray

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
_PEOPLE, _CAMERAS, _SHOTS = 1, 2, 3  # streams of randomness under one seed


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to take: who, by which camera, which one of theirs, and where it goes."""

    split: str  # train | query | gallery
    key: str  # path below the data set's root
    person: int  # position in the crowd
    camera: int  # position among the cameras
    turn: int  # number among this person's pictures by this camera


@dataclass(frozen=True, slots=True)
class Pictures:
    """One split in memory, in the order in which a reader would number its files."""

    pixels: ByteArray  # (n, height, width, 3)
    identities: IntArray  # (n,)
    cameras: IntArray  # (n,)
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to generate. `identities` are for training; `held_out` more are for query and gallery."""

    identities: int
    cameras: int
    images: int  # of each identity by each camera
    height: int  # of a picture, pixels
    width: int
    seed: int
    hard: float = 1.5  # how much the cameras differ (0 = not at all)
    scenery: float = 0.5  # how much the places stand out (0 = plain grey, 1 = as drawn)
    held_out: int | None = None  # None = half as many as `identities`

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        low = {"identities": 1, "cameras": 1, "images": 1, "height": 16, "width": 8, "seed": 0, "hard": 0, "scenery": 0}
        for name, least in low.items():
            if getattr(self, name) < least:
                raise ConfigError(f"synth {name}: expected at least {least}, got {getattr(self, name)}")
        for name, most in {"hard": 2, "scenery": 1}.items():
            if getattr(self, name) > most:
                raise ConfigError(f"synth {name}: expected 0 to {most}, got {getattr(self, name)}")
        if self.strangers < 0:
            raise ConfigError(f"synth held_out: expected at least 0, got {self.held_out}")
        if self.strangers and self.images < 2:
            raise ConfigError("synth images: expected at least 2 with held-out identities (the query takes the first)")

    @property
    def strangers(self) -> int:
        """How many identities are held out."""
        return self.identities // 2 if self.held_out is None else self.held_out

    def shots(self) -> tuple[Shot, ...]:
        """List every picture, sorted by key."""
        shots = []
        for person in range(self.identities + self.strangers):
            for camera in range(self.cameras):
                for turn in range(self.images):
                    split = "train" if person < self.identities else "gallery" if turn else "query"
                    shots.append(
                        Shot(split, f"{FOLDERS[split]}/{self._name(person, camera, turn)}", person, camera, turn)
                    )
        return tuple(sorted(shots, key=lambda shot: shot.key))

    def _name(self, person: int, camera: int, turn: int) -> str:
        frame = 25 + 151 * ((person * 37 + camera * 11) % 1009) + 12 * turn
        return f"{person + 1:04d}_c{camera + 1}s1_{frame:06d}_{turn + 1:02d}.jpg"


class Studio:
    """The people and cameras of one seed, ready to take pictures."""

    def __init__(self, people: int, cameras: int, seed: int, hard: float, scenery: float = 1.0) -> None:
        self.seed = seed
        self.people = make_people(np.random.default_rng((seed, _PEOPLE)), people)
        self.cameras = make_cameras(np.random.default_rng((seed, _CAMERAS)), cameras, hard, scenery)

    def shoot(self, person: int, camera: int, turn: int, size: tuple[int, int]) -> bytes:
        """Take one picture of size (height, width) and give it as JPEG, quality 95."""
        rng = np.random.default_rng((self.seed, _SHOTS, person, camera, turn))
        image = _photograph(self.people[person], self.cameras[camera], rng)
        image = image.resize((size[1], size[0]), Image.Resampling.BICUBIC, box=_crop(rng))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=95)
        return buffer.getvalue()

    def pixels(self, person: int, camera: int, turn: int, size: tuple[int, int]) -> ByteArray:
        """Take one picture and give its pixels (height, width, 3), exactly as a file's would be."""
        return np.asarray(Image.open(io.BytesIO(self.shoot(person, camera, turn, size))))


def generate(  # noqa: PLR0913 - the options of `ucal synth`, all by name
    out: Path,
    *,
    identities: int,
    cameras: int,
    images: int,
    height: int,
    width: int,
    seed: int,
    hard: float = 1.5,
    scenery: float = 0.5,
    held_out: int | None = None,
    sink: Sink = silent,
) -> Path:
    """Write a data set in Market-1501's layout below `out`, which must be empty or absent.

    The settings are those of `Plan`.

    Raises:
        ConfigError: settings that cannot be drawn, or `out` holds something already.
    """
    plan = Plan(identities, cameras, images, height, width, seed, hard, scenery, held_out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out}: expected an empty folder, or none, to write the data set to")
    for folder in FOLDERS.values():
        (out / folder).mkdir(parents=True, exist_ok=True)
    studio, shots = _open(plan), plan.shots()
    for done, shot in enumerate(shots, start=1):
        (out / shot.key).write_bytes(studio.shoot(shot.person, shot.camera, shot.turn, (plan.height, plan.width)))
        _tell(sink, done, len(shots))
    return out


def render_arrays(plan: Plan, *, sink: Sink = silent) -> dict[str, Pictures]:
    """Give the pixels that `generate` would write, without files: train, query and gallery."""
    studio, shots = _open(plan), plan.shots()
    taken: dict[str, list[ByteArray]] = {split: [] for split in FOLDERS}
    for done, shot in enumerate(shots, start=1):
        taken[shot.split].append(studio.pixels(shot.person, shot.camera, shot.turn, (plan.height, plan.width)))
        _tell(sink, done, len(shots))
    return {split: _gather(taken[split], [s for s in shots if s.split == split], plan) for split in FOLDERS}


def _open(plan: Plan) -> Studio:
    return Studio(plan.identities + plan.strangers, plan.cameras, plan.seed, plan.hard, plan.scenery)


def _gather(pixels: list[ByteArray], shots: list[Shot], plan: Plan) -> Pictures:
    return Pictures(
        pixels=np.stack(pixels) if pixels else np.zeros((0, plan.height, plan.width, 3), np.uint8),
        identities=np.array([shot.person + 1 for shot in shots], dtype=np.int64),
        cameras=np.array([shot.camera + 1 for shot in shots], dtype=np.int64),
        keys=tuple(shot.key for shot in shots),
    )


def _tell(sink: Sink, done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        sink(Event("progress", {"what": "synth", "done": done, "total": total}))


def _photograph(person: Person, camera: Camera, rng: np.random.Generator) -> Image.Image:
    """Put a person before a camera: scene, shadow, figure, whatever stands in front, the camera itself."""
    pose = Pose(
        view=VIEWS[int(rng.choice(3, p=camera.views))],
        phase=float(rng.uniform(0, 6.283)),
        mirror=bool(rng.uniform() < 0.5),
        scale=float(rng.uniform(0.84, 0.93)),
        centre=float(rng.uniform(0.44, 0.56)),
        soles=float(rng.uniform(0.955, 0.985)),
    )
    scene = backdrop(camera, rng) * _shadow(pose)[..., None]
    colours, cover = draw_figure(person, pose)
    figure = colours.astype(np.float32) * np.float32(rng.uniform(0.88, 1.1))
    mixed: FloatArray = np.add(scene, (figure - scene) * cover[..., None], dtype=np.float32)
    return develop(camera, occlude(camera, mixed, rng), rng)


def _shadow(pose: Pose) -> FloatArray:
    """Give the light (256, 128) that is left on the ground about the feet."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    centre = (1 - pose.centre if pose.mirror else pose.centre) * WIDTH
    away = ((x - centre) / 30) ** 2 + ((y - pose.soles * HEIGHT) / 8) ** 2
    light: FloatArray = 1 - np.float32(0.45) * np.exp(-away, dtype=np.float32)
    return light


def _crop(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Cut as a detector does: up to 4 % off at each side."""
    left, right = rng.uniform(0, 0.04, 2) * WIDTH
    top, bottom = rng.uniform(0, 0.04, 2) * HEIGHT
    return (float(left), float(top), float(WIDTH - right), float(HEIGHT - bottom))
