"""Sixty lines of text as pictures, the same every time: four fonts, 16 to 40 pixels, a third of them light on dark."""

from pathlib import PurePath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

COUNT = 60
FONT_FOLDER = "/usr/share/fonts/truetype"
FONTS = [
    "dejavu/DejaVuSans.ttf",
    "dejavu/DejaVuSans-Bold.ttf",
    "dejavu/DejaVuSerif.ttf",
    "liberation/LiberationSerif-Regular.ttf",
]
WORDS = (
    "the quick brown fox jumps over lazy dogs while seven grey owls watch from an old barn near river bend "
    "Invoice Total Order Number Street Market Open Closed Monday Friday April June Station Platform Ticket "
    "Warning Exit Garden Kitchen Water Paper Music Window Bridge Morning Evening Coffee Bread Apple Orange"
).split()
SIZES_PIXELS = (16, 40)
PICTURE = (640, 480)
MARGIN_PIXELS = 16


class RenderedLine(NamedTuple):
    text: str
    picture: Image.Image
    font: str


def lines(count: int = COUNT) -> list[RenderedLine]:
    """More lines begin with the same ones."""
    random = np.random.default_rng(60)
    return [rendered(random, i) for i in range(count)]


def rendered(random: np.random.Generator, i: int) -> RenderedLine:
    words = [str(word) for word in random.choice(WORDS, random.integers(2, 6))]
    if i % 3 == 0:
        words.append(str(random.integers(10, 10_000)))
    text = " ".join(words)
    size = int(random.integers(SIZES_PIXELS[0], SIZES_PIXELS[1] + 1))
    name = FONTS[i % len(FONTS)]
    font = ImageFont.truetype(f"{FONT_FOLDER}/{name}", size)
    left, top, right, bottom = font.getbbox(text)
    length, height = right - left, bottom - top
    width = max(PICTURE[0], length + 2 * MARGIN_PIXELS)
    place = [int(random.integers(MARGIN_PIXELS, most)) for most in (width - length - MARGIN_PIXELS + 1, PICTURE[1] - height - MARGIN_PIXELS + 1)]
    ink, ground = colours(random, i)
    picture = Image.new("RGB", (width, PICTURE[1]), ground)
    ImageDraw.Draw(picture).text((place[0] - left, place[1] - top), text, ink, font)
    return RenderedLine(text, picture, PurePath(name).stem)


def colours(random: np.random.Generator, i: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of ink and ground."""
    dark, light = (tuple(int(v) for v in random.integers(*limits, 3)) for limits in ((0, 70), (190, 256)))
    return (light, dark) if i % 3 == 1 else (dark, light)
