"""Invent generated people: families of look-alikes, so that clusters have something to confuse."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from ucal.datasets.people import CLOTHS, DENIMS, HAIR_COLOURS, SKINS, Person

_HAIR = {"short": 0.5, "long": 0.25, "bald": 0.1, "tail": 0.15}
_PATTERN = {"plain": 0.4, "hstripe": 0.14, "vstripe": 0.08, "check": 0.08, "yoke": 0.12, "logo": 0.1, "sash": 0.08}
_LEGS = {"trousers": 0.5, "jeans": 0.2, "shorts": 0.18, "skirt": 0.12}
_BAG = {"none": 0.45, "backpack": 0.25, "shoulder": 0.2, "hand": 0.1}
_HAT = {"none": 0.7, "cap": 0.12, "beanie": 0.1, "hood": 0.08}


def make_people(rng: np.random.Generator, count: int) -> tuple[Person, ...]:
    """Invent people, no two of them dressed the same.

    They come in families of 2-4: the first is drawn freely, the others copy it with 1-3 of its 12
    attributes drawn again.
    """
    people: list[Person] = []
    seen: set[Person] = set()
    while len(people) < count:
        family = [_fresh(rng, seen)]
        for _ in range(int(rng.integers(1, 4))):
            family.append(_relative(rng, family[0], seen))
        people += family
    return tuple(people[:count])


def _fresh(rng: np.random.Generator, seen: set[Person]) -> Person:
    while True:
        person = _visible(_draw(rng))
        if _add(person, seen):
            return person


def _relative(rng: np.random.Generator, first: Person, seen: set[Person]) -> Person:
    while True:
        other = _draw(rng)
        changes: dict[str, object] = {}
        for index in rng.choice(len(_EDITS), size=int(rng.integers(1, 4)), replace=False):
            changes |= {name: getattr(other, name) for name in _EDITS[index]}
        person = _visible(dataclasses.replace(first, **changes))  # type: ignore[arg-type]
        if _add(person, seen):
            return person


def _add(person: Person, seen: set[Person]) -> bool:
    """Remember the clothes (the body's size does not tell people apart) unless somebody has them."""
    clothes = dataclasses.replace(person, build=1.0, height=1.0)
    if clothes in seen:
        return False
    seen.add(clothes)
    return True


_EDITS: tuple[tuple[str, ...], ...] = (
    ("skin",),
    ("hair",),
    ("hair_colour",),
    ("pattern",),
    ("top",),
    ("second",),
    ("long_sleeves", "coat"),
    ("legs",),
    ("leg_colour",),
    ("shoes",),
    ("bag", "bag_colour"),
    ("hat", "hat_colour"),
)


def _draw(rng: np.random.Generator) -> Person:
    top = int(rng.integers(len(CLOTHS)))
    return Person(
        build=float(rng.uniform(0.82, 1.2)),
        height=float(rng.uniform(0.88, 1.05)),
        skin=int(rng.integers(len(SKINS))),
        hair=_pick(rng, _HAIR),
        hair_colour=int(rng.integers(len(HAIR_COLOURS))),
        pattern=_pick(rng, _PATTERN),
        top=top,
        second=int((top + rng.integers(1, len(CLOTHS))) % len(CLOTHS)),
        long_sleeves=bool(rng.uniform() < 0.65),
        coat=bool(rng.uniform() < 0.15),
        legs=_pick(rng, _LEGS),
        leg_colour=int(rng.integers(len(CLOTHS))),
        shoes=int(rng.integers(len(CLOTHS))),
        bag=_pick(rng, _BAG),
        bag_colour=int(rng.integers(len(CLOTHS))),
        hat=_pick(rng, _HAT),
        hat_colour=int(rng.integers(len(CLOTHS))),
    )


def _pick(rng: np.random.Generator, shares: dict[str, float]) -> str:
    return list(shares)[int(rng.choice(len(shares), p=list(shares.values())))]


def _visible(person: Person) -> Person:
    """Set what nobody can see to 0, so that two people who compare different look different."""
    rules: Sequence[tuple[str, Callable[[Person], int]]] = (
        ("second", lambda p: (p.second + 1) % len(CLOTHS) if p.second == p.top else p.second),
        ("second", lambda p: 0 if p.pattern == "plain" and not p.coat else p.second),
        ("leg_colour", lambda p: p.leg_colour % len(DENIMS) if p.legs == "jeans" else p.leg_colour),
        ("long_sleeves", lambda p: p.long_sleeves or p.coat),
        ("hair_colour", lambda p: 0 if p.hair == "bald" else p.hair_colour),
        ("bag_colour", lambda p: 0 if p.bag == "none" else p.bag_colour),
        ("hat_colour", lambda p: 0 if p.hat in ("none", "hood") else p.hat_colour),
    )
    for name, rule in rules:
        person = dataclasses.replace(person, **{name: rule(person)})  # type: ignore[arg-type]
    return person
