"""A pencil in body coordinates: limbs, shapes, patterned cloth. `figures` says where they go.

Lengths are in body heights: x from the middle of the body, y from the crown (0) to the soles (1).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PIL import Image, ImageDraw

from ucal.datasets.people import CLOTHS, Colour, Person, Pose

HEIGHT, WIDTH = 256, 128  # of a drawing, pixels

Point = tuple[float, float]


def darker(colour: Colour, by: float) -> Colour:
    """Give a darker colour (or a lighter one, by more than 1)."""
    return (int(colour[0] * by), int(colour[1] * by), int(colour[2] * by))


class Pen:
    """A drawing at twice the size, so that edges come out smooth, in body coordinates."""

    def __init__(self, person: Person, pose: Pose) -> None:
        self.person, self.pose = person, pose
        self.image = Image.new("RGBA", (2 * WIDTH, 2 * HEIGHT), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)
        self.unit = 2 * HEIGHT * pose.scale * person.height
        self.left = 2 * WIDTH * pose.centre
        self.top = 2 * HEIGHT * pose.soles - self.unit

    def at(self, point: Point) -> Point:
        return (self.left + point[0] * self.unit, self.top + point[1] * self.unit)

    def shape(self, points: list[Point], colour: Colour, edge: float = 0.8) -> None:
        corners = [self.at(point) for point in points]
        self.draw.polygon(corners, fill=(*colour, 255))
        self.draw.line([*corners, corners[0]], fill=(*darker(colour, edge), 255), width=2, joint="curve")

    def disc(self, centre: Point, radii: Point, colour: Colour) -> None:
        (x, y), (rx, ry) = self.at(centre), (radii[0] * self.unit, radii[1] * self.unit)
        self.draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=(*colour, 255))

    def part_disc(self, centre: Point, radii: Point, degrees: tuple[float, float], colour: Colour) -> None:
        (x, y), (rx, ry) = self.at(centre), (radii[0] * self.unit, radii[1] * self.unit)
        self.draw.chord((x - rx, y - ry, x + rx, y + ry), *degrees, fill=(*colour, 255))

    def limb(self, points: list[Point], widths: list[float], colour: Colour) -> None:
        """Draw a tapering tube with round joints; the rim comes first, so that it separates parts."""
        for grown, paint in ((0.004, darker(colour, 0.78)), (0.0, colour)):
            for start, end, wide, narrow in zip(points, points[1:], widths, widths[1:], strict=False):
                self._tube(start, end, (wide / 2 + grown, narrow / 2 + grown), paint)

    def _tube(self, start: Point, end: Point, radii: Point, colour: Colour) -> None:
        length = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
        across = ((end[1] - start[1]) / length, -(end[0] - start[0]) / length)
        corners = [
            self.at((point[0] + sign * radius * across[0], point[1] + sign * radius * across[1]))
            for point, radius, sign in (
                (start, radii[0], 1),
                (end, radii[1], 1),
                (end, radii[1], -1),
                (start, radii[0], -1),
            )
        ]
        self.draw.polygon(corners, fill=(*colour, 255))
        for point, radius in ((start, radii[0]), (end, radii[1])):
            self.disc(point, (radius, radius), colour)

    def line(self, points: list[Point], width: float, colour: Colour) -> None:
        self.draw.line(
            [self.at(point) for point in points], fill=(*colour, 255), width=max(1, round(width * self.unit))
        )

    def cloth(self, outline: list[Point]) -> None:
        """Fill the outline with the top's colour and pattern."""
        person = self.person
        main, second = CLOTHS[person.top], CLOTHS[person.second]
        self.shape(outline, main)
        if person.pattern == "plain" or (person.pattern == "logo" and self.pose.view != "front"):
            return
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).polygon([self.at(point) for point in outline], fill=255)
        sheet = Image.new("RGB", self.image.size, main)
        _PATTERNS[person.pattern](ImageDraw.Draw(sheet), self, second)
        self.image.paste(sheet, (0, 0), mask)


def _bars(draw: ImageDraw.ImageDraw, pen: Pen, colour: Colour, *, down: bool, share: float) -> None:
    step = 0.042 * pen.unit
    for index in range(-12, 16):
        if down:
            x = pen.left + index * step
            draw.rectangle((x, 0, x + share * step, 2 * HEIGHT), fill=colour)
        else:
            y = pen.top + 0.17 * pen.unit + index * step
            draw.rectangle((0, y, 2 * WIDTH, y + share * step), fill=colour)


def _hstripe(draw: ImageDraw.ImageDraw, pen: Pen, colour: Colour) -> None:
    _bars(draw, pen, colour, down=False, share=0.5)


def _vstripe(draw: ImageDraw.ImageDraw, pen: Pen, colour: Colour) -> None:
    _bars(draw, pen, colour, down=True, share=0.45)


def _check(draw: ImageDraw.ImageDraw, pen: Pen, colour: Colour) -> None:
    _bars(draw, pen, colour, down=False, share=0.4)
    _bars(draw, pen, colour, down=True, share=0.4)


def _yoke(draw: ImageDraw.ImageDraw, pen: Pen, colour: Colour) -> None:
    draw.rectangle((0, 0, 2 * WIDTH, pen.at((0, 0.285))[1]), fill=colour)


def _logo(draw: ImageDraw.ImageDraw, pen: Pen, colour: Colour) -> None:
    draw.rounded_rectangle((*pen.at((-0.045, 0.26)), *pen.at((0.045, 0.34))), radius=6, fill=colour)


def _sash(draw: ImageDraw.ImageDraw, pen: Pen, colour: Colour) -> None:
    draw.polygon([pen.at(p) for p in ((-0.15, 0.17), (-0.07, 0.17), (0.16, 0.46), (0.16, 0.55))], fill=colour)


_PATTERNS: dict[str, Callable[[ImageDraw.ImageDraw, Pen, Colour], None]] = {
    "hstripe": _hstripe,
    "vstripe": _vstripe,
    "check": _check,
    "yoke": _yoke,
    "logo": _logo,
    "sash": _sash,
}
