"""What generated people look like, and the palettes that they are drawn with."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]

SKINS: tuple[Colour, ...] = ((241, 205, 180), (222, 176, 143), (190, 138, 102), (139, 95, 68), (88, 60, 46))
HAIR_COLOURS: tuple[Colour, ...] = ((32, 27, 25), (78, 52, 36), (150, 108, 62), (196, 170, 120), (140, 138, 136))
CLOTHS: tuple[Colour, ...] = (
    (34, 35, 40),  # black
    (232, 230, 224),  # white
    (126, 129, 134),  # grey
    (38, 52, 92),  # navy
    (52, 104, 176),  # blue
    (138, 178, 214),  # sky
    (168, 38, 46),  # red
    (108, 30, 50),  # wine
    (214, 120, 48),  # orange
    (222, 190, 78),  # yellow
    (56, 112, 70),  # green
    (104, 106, 66),  # olive
    (196, 172, 136),  # beige
    (120, 78, 142),  # violet
)
DENIMS: tuple[Colour, ...] = ((44, 58, 92), (76, 98, 136), (120, 142, 172), (40, 42, 50))


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody looks like. Colours are positions in the palettes above."""

    build: float  # width of the body, 1 = middling
    height: float  # of the body, 1 = fills most of the picture
    skin: int
    hair: str  # short | long | bald | tail
    hair_colour: int
    pattern: str  # plain | hstripe | vstripe | check | yoke | logo | sash
    top: int
    second: int  # the pattern's other colour
    long_sleeves: bool
    coat: bool
    legs: str  # trousers | jeans | shorts | skirt
    leg_colour: int
    shoes: int
    bag: str  # none | backpack | shoulder | hand
    bag_colour: int
    hat: str  # none | cap | beanie | hood
    hat_colour: int


@dataclass(frozen=True, slots=True)
class Pose:
    """How somebody stands in front of the camera."""

    view: str  # front | back | side
    phase: float  # of the step, radians
    mirror: bool
    scale: float  # body height as a share of the picture's, for a person of height 1
    centre: float  # of the body, as a share of the picture's width
    soles: float  # where the feet stand, as a share of the picture's height
