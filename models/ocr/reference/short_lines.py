"""Sixty short lines on tight pictures, in other fonts than the settings of model.json were chosen with."""

from pathlib import PurePath

import numpy as np
from lines import FONT_FOLDER, RenderedLine, colours
from PIL import Image, ImageDraw, ImageFont

FONTS = [
    "freefont/FreeSans.ttf",
    "freefont/FreeSerif.ttf",
    "freefont/FreeSansBold.ttf",
    "liberation/LiberationMono-Regular.ttf",
    "liberation/LiberationSans-Regular.ttf",
]
TEXTS = """
Total: 1 129.50|Amount due|WebGPU WASM|Invoice No. 4711|Page 3 of 12|Due 2024-03-15|Subtotal 98.40|VAT 19 %
Tel. 030 5550147|Room B 204|Gate 12 open|Best before June|Net 1 250 g|Fragile glass|Thank you|Order 88 shipped
Track and trace|Seat 14 C|Balance: 2 310.00|Paid in cash|Read me first|Save as draft|Sign in|Log out now
New message|Open 9 to 5|Closed on Monday|Keep refrigerated|Made in Norway|Batch 7731|Volume 3|Chapter Nine
Push to talk|Press any key|No smoking|Exit left|Wet paint|Mind the gap|Platform 4|Next stop Harbour
Low battery|Disk full|Retry in 30 s|Copy link|Delete file|Table 6|Double room|Late checkout
Free parking|Card accepted|Weight 12.5 kg|Price per unit|Quantity 40|Discount 15 %|Shipping cost|Customer 20931
Street and number|Date of birth|First name|Last updated
""".strip().replace("\n", "|").split("|")
SIZES_PIXELS = (16, 40)
MARGINS_PIXELS = (2, 8)


def short_lines() -> list[RenderedLine]:
    random = np.random.default_rng(33)
    return [rendered(random, i, text) for i, text in enumerate(TEXTS)]


def rendered(random: np.random.Generator, i: int, text: str) -> RenderedLine:
    name = FONTS[i % len(FONTS)]
    font = ImageFont.truetype(f"{FONT_FOLDER}/{name}", int(random.integers(*SIZES_PIXELS, endpoint=True)))
    margin = int(random.integers(*MARGINS_PIXELS, endpoint=True))
    left, top, right, bottom = font.getbbox(text)
    ink, ground = colours(random, i)
    picture = Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin), ground)
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, ink, font)
    return RenderedLine(text, picture, PurePath(name).stem)
