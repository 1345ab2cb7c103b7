"""Draw one generated person: what `synth` photographs.

Lengths are in body heights: x from the middle of the body, y from the crown (0) to the soles (1).
People in profile look to the right; `Pose.mirror` turns the finished drawing round.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

from ucal.datasets.pen import HEIGHT, WIDTH, Pen, Point, darker
from ucal.datasets.people import CLOTHS, DENIMS, HAIR_COLOURS, SKINS, Colour, Person, Pose
from ucal.types import ByteArray, FloatArray


def draw_figure(person: Person, pose: Pose) -> tuple[ByteArray, FloatArray]:
    """Give the colours (256, 128, 3) uint8 and the coverage (256, 128) in 0..1 of one person."""
    pen = Pen(person, pose)
    (_draw_side if pose.view == "side" else _draw_upright)(pen)
    layer = pen.image.reduce(2)
    if pose.mirror:
        layer = layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pixels = np.asarray(layer)
    return _shade(pixels[..., :3], layer.getchannel("A"), pose), pixels[..., 3].astype(np.float32) / np.float32(255)


def _shade(colours: ByteArray, cover: Image.Image, pose: Pose) -> ByteArray:
    """Round the body: darker towards its edges, lighter on the side that the light falls on."""
    small = cover.reduce(4)
    soft, slope = (
        np.asarray(
            small.filter(ImageFilter.BoxBlur(radius)).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR), np.float32
        )
        / 255
        for radius in (1.6, 0.8)
    )
    side = np.zeros_like(slope)
    side[:, 2:-2] = slope[:, 4:] - slope[:, :-4]
    rows = np.linspace(1.06, 0.9, HEIGHT, dtype=np.float32)[:, None]
    folds = 1 + 0.035 * np.sin(np.arange(HEIGHT, dtype=np.float32) / 5 + pose.phase * 3)[:, None]
    light = (0.66 + 0.4 * soft + 0.5 * side) * rows * folds
    return np.clip(colours * light[..., None], 0, 255).astype(np.uint8)


def _draw_upright(pen: Pen) -> None:
    person, front = pen.person, pen.pose.view == "front"
    step = math.sin(pen.pose.phase)
    if front:
        _hair_behind(pen)
        if person.bag == "backpack":
            pen.limb([(-0.06, 0.26), (0.06, 0.26)], [0.14, 0.14], darker(CLOTHS[person.bag_colour], 0.7))
    for sign in (-1, 1):
        lift = max(0.0, sign * step) * 0.03
        x = sign * 0.048 * person.build
        _leg(pen, [(x, 0.51), (x * 1.08, 0.735 - lift / 2), (x * 1.1, 0.945 - lift)], toe=0.0)
    _skirt(pen, 0.1 * person.build)
    _torso(pen, front=front)
    for sign in (-1, 1):
        _upright_arm(pen, sign, step)
    _head(pen, front=front)
    _upright_bag(pen, front=front)


def _torso(pen: Pen, *, front: bool) -> None:
    b = pen.person.build
    hem = 0.67 if pen.person.coat else 0.53
    hip = (0.118 if pen.person.coat else 0.097) * b
    right = [(0.045, 0.163), (0.115 * b, 0.188), (0.117 * b, 0.24), (0.092 * b, 0.4), (hip, hem)]
    pen.cloth(right + [(-x, y) for x, y in reversed(right)])
    if front and pen.person.coat:
        inner = darker(CLOTHS[pen.person.second], 0.85)
        pen.shape([(-0.02, 0.165), (0.02, 0.165), (0.03, hem), (-0.03, hem)], inner)
    elif front:
        pen.part_disc((0, 0.163), (0.036, 0.022), (0, 180), darker(SKINS[pen.person.skin], 0.92))


def _upright_arm(pen: Pen, sign: int, step: float) -> None:
    b = pen.person.build
    swing = 0.012 * sign * step
    shoulder, elbow = (sign * (0.115 * b - 0.013), 0.212), (sign * (0.115 * b + 0.016), 0.345)
    _arm(pen, [shoulder, elbow, (sign * (0.115 * b + 0.008) + swing, 0.478 - 0.02 * sign * step)], 1.0)


def _upright_bag(pen: Pen, *, front: bool) -> None:
    person, colour = pen.person, CLOTHS[pen.person.bag_colour]
    dark, b = darker(colour, 0.7), pen.person.build
    if person.bag == "backpack" and front:
        for sign in (-1, 1):
            pen.line([(sign * 0.07 * b, 0.18), (sign * 0.082 * b, 0.36)], 0.022, colour)
    elif person.bag == "backpack":
        pen.limb([(-0.042, 0.255), (0.042, 0.255)], [0.1, 0.1], colour)
        pen.shape([(-0.092, 0.25), (0.092, 0.25), (0.092, 0.425), (-0.092, 0.425)], colour)
        pen.shape([(-0.065, 0.335), (0.065, 0.335), (0.065, 0.41), (-0.065, 0.41)], darker(colour, 0.86), 0.7)
    elif person.bag == "shoulder":
        turn = 1 if front else -1
        pen.line([(-turn * 0.08 * b, 0.175), (turn * 0.115 * b, 0.47)], 0.016, dark)
        x = turn * 0.125 * b
        pen.shape([(x - 0.05, 0.45), (x + 0.05, 0.45), (x + 0.055, 0.57), (x - 0.055, 0.57)], colour)
        pen.line([(x - 0.05, 0.49), (x + 0.05, 0.49)], 0.008, dark)
    elif person.bag == "hand":
        x = (1 if front else -1) * (0.115 * b + 0.012)
        pen.line([(x - 0.02, 0.53), (x, 0.48), (x + 0.02, 0.53)], 0.008, dark)
        pen.shape([(x - 0.05, 0.525), (x + 0.05, 0.525), (x + 0.045, 0.65), (x - 0.045, 0.65)], colour)


def _draw_side(pen: Pen) -> None:
    person, b = pen.person, pen.person.build
    angle = 0.5 * math.sin(pen.pose.phase)
    _side_arm(pen, angle, 0.8)
    for swing in (-angle, angle):
        knee = (0.225 * math.sin(swing), 0.51 + 0.225 * math.cos(swing))
        bent = swing - 0.35 * max(0.0, -swing) - 0.08
        ankle = (knee[0] + 0.21 * math.sin(bent), knee[1] + 0.21 * math.cos(bent))
        _leg(pen, [(0.0, 0.51), knee, ankle], toe=0.035)
    _skirt(pen, 0.082 * b)
    hem = 0.67 if person.coat else 0.53
    flare = 0.1 * b if person.coat else 0.078 * b
    front = [(0.035, 0.163), (0.064 * b, 0.21), (0.078 * b, 0.29), (0.07 * b, 0.41), (flare, hem)]
    back = [(-flare, hem), (-0.062 * b, 0.41), (-0.075 * b, 0.26), (-0.062 * b, 0.19), (-0.035, 0.163)]
    if person.bag == "backpack":
        _side_pack(pen)
    pen.cloth(front + back)
    _head(pen, front=None)
    if person.bag == "shoulder":
        pen.line([(0.03, 0.17), (-0.03 * b, 0.47)], 0.016, darker(CLOTHS[person.bag_colour], 0.7))
        pen.shape([(-0.08, 0.44), (0.04, 0.44), (0.045, 0.57), (-0.085, 0.57)], CLOTHS[person.bag_colour])
    _side_arm(pen, -angle, 1.0)


def _side_pack(pen: Pen) -> None:
    colour, x = CLOTHS[pen.person.bag_colour], -0.06 * pen.person.build
    pen.limb([(x - 0.045, 0.24), (x - 0.055, 0.4)], [0.085, 0.105], colour)


def _side_arm(pen: Pen, angle: float, light: float) -> None:
    elbow = (0.135 * math.sin(angle), 0.215 + 0.135 * math.cos(angle))
    bent = angle + 0.3
    hand = (elbow[0] + 0.13 * math.sin(bent), elbow[1] + 0.13 * math.cos(bent))
    _arm(pen, [(0.0, 0.215), elbow, hand], light)
    if pen.person.bag == "hand" and light == 1.0:
        x, y, colour = hand[0], hand[1] + 0.04, CLOTHS[pen.person.bag_colour]
        pen.line([(x - 0.03, y), (x, y - 0.04), (x + 0.03, y)], 0.008, darker(colour, 0.7))
        pen.shape([(x - 0.07, y), (x + 0.07, y), (x + 0.065, y + 0.125), (x - 0.065, y + 0.125)], colour)


def _arm(pen: Pen, joints: list[Point], light: float) -> None:
    person, widths = pen.person, [0.06 * pen.person.build, 0.048 * pen.person.build, 0.036]
    sleeve = CLOTHS[person.second if person.pattern == "yoke" else person.top]
    skin = darker(SKINS[person.skin], light)
    pen.disc(joints[2], (0.021, 0.026), skin)
    if person.long_sleeves or person.coat:
        pen.limb(joints, widths, darker(sleeve, light * 0.96))
        return
    pen.limb(joints, [0.044, 0.038, 0.03], skin)
    middle = (0.35 * joints[0][0] + 0.65 * joints[1][0], 0.35 * joints[0][1] + 0.65 * joints[1][1])
    pen.limb([joints[0], middle], [widths[0], widths[1] * 1.12], darker(sleeve, light * 0.96))


def _leg(pen: Pen, joints: list[Point], toe: float) -> None:
    person, b = pen.person, pen.person.build
    skin, cloth = SKINS[person.skin], (DENIMS if person.legs == "jeans" else CLOTHS)[person.leg_colour]
    ankle = joints[2]
    shoe = CLOTHS[person.shoes]
    pen.limb([(ankle[0] - toe * 0.4, ankle[1] + 0.028), (ankle[0] + toe, ankle[1] + 0.033)], [0.044, 0.036], shoe)
    pen.line([(ankle[0] - 0.02, ankle[1] + 0.05), (ankle[0] + toe + 0.018, ankle[1] + 0.05)], 0.01, darker(shoe, 0.55))
    if person.legs in ("shorts", "skirt"):
        pen.limb(joints, [0.07 * b, 0.05, 0.034], skin)
        if person.legs == "shorts":
            pen.limb(joints[:2], [0.094 * b, 0.088 * b], cloth)
        return
    slim = 0.86 if person.legs == "jeans" else 1.0
    pen.limb(joints, [0.094 * b * slim, 0.066 * b * slim, 0.05 * slim], cloth)
    if person.legs == "jeans":
        pen.line([joints[0], joints[1]], 0.02, darker(cloth, 1.2))


def _skirt(pen: Pen, half: float) -> None:
    if pen.person.legs == "skirt":
        colour = CLOTHS[pen.person.leg_colour]
        pen.shape([(-half, 0.49), (half, 0.49), (half * 1.45, 0.7), (-half * 1.45, 0.7)], colour)


def _hair_behind(pen: Pen) -> None:
    if pen.person.hair == "long":
        pen.limb([(0, 0.07), (0, 0.2)], [0.118, 0.14], HAIR_COLOURS[pen.person.hair_colour])


def _head(pen: Pen, *, front: bool | None) -> None:
    """Draw neck, head, hair and hat; `front` None = profile."""
    person = pen.person
    skin, hair = SKINS[person.skin], HAIR_COLOURS[person.hair_colour]
    pen.limb([(0, 0.12), (0, 0.168)], [0.05, 0.058], darker(skin, 0.86))
    if person.hat == "hood":
        pen.disc((-0.008 if front is None else 0, 0.08), (0.068, 0.084), darker(CLOTHS[person.top], 0.9))
    pen.disc((0.004 if front is None else 0, 0.073), (0.05, 0.066), skin)
    if front is None:
        pen.disc((0.053, 0.082), (0.009, 0.011), skin)
    _hair(pen, hair, front)
    if front:
        for sign in (-1, 1):
            pen.disc((sign * 0.019, 0.07), (0.0065, 0.005), (38, 30, 28))
        pen.line([(-0.014, 0.108), (0.014, 0.108)], 0.006, darker(skin, 0.68))
    _hat(pen, front)


def _hair(pen: Pen, colour: Colour, front: bool | None) -> None:
    style = pen.person.hair
    if style == "bald":
        return
    if front is None:
        pen.part_disc((-0.004, 0.068), (0.057, 0.07), (120, 335), colour)
        if style == "long":
            pen.limb([(-0.035, 0.06), (-0.04, 0.2)], [0.06, 0.07], colour)
        elif style == "tail":
            pen.limb([(-0.055, 0.05), (-0.085, 0.11), (-0.08, 0.19)], [0.035, 0.04, 0.02], colour)
        return
    if front:
        pen.part_disc((0, 0.066), (0.056, 0.068), (196, 344), colour)
        return
    pen.disc((0, 0.066), (0.055, 0.068), colour)
    if style == "long":
        pen.limb([(0, 0.07), (0, 0.21)], [0.11, 0.13], colour)
    elif style == "tail":
        pen.limb([(0, 0.06), (0, 0.2)], [0.042, 0.026], darker(colour, 0.85))


def _hat(pen: Pen, front: bool | None) -> None:
    person, colour = pen.person, CLOTHS[pen.person.hat_colour]
    if person.hat == "cap":
        pen.part_disc((0, 0.055), (0.058, 0.062), (180, 360), colour)
        brim = 0.06 if front is None else 0.0
        if front is not False:
            pen.disc((brim, 0.055), (0.045, 0.011), darker(colour, 0.75))
    elif person.hat == "beanie":
        pen.part_disc((0, 0.06), (0.06, 0.072), (180, 360), colour)
        pen.line([(-0.058, 0.055), (0.058, 0.055)], 0.024, darker(colour, 0.85))
    elif person.hat == "hood" and front is False:
        pen.disc((0, 0.08), (0.066, 0.082), darker(CLOTHS[person.top], 0.94))
    elif person.hat == "hood":
        pen.part_disc(
            (-0.006 if front is None else 0, 0.07),
            (0.066, 0.078),
            (150, 335) if front is None else (200, 340),
            darker(CLOTHS[person.top], 0.94),
        )
