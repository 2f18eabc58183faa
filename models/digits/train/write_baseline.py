"""Writes baseline.json, the int8 form on the held-out digits: `write_baseline.py PACKAGE_DIR MODEL_DIR`."""

import json
import sys
from pathlib import Path

import numpy as np

from data import read_digits
from variants import open_variants
from write_json import write_json

PUBLISHER = Path(__file__).resolve().parents[3] / "packages" / "publisher" / "python"
sys.path.append(str(PUBLISHER))
from baseline import baseline  # noqa: E402


def seen_in(pixels: np.ndarray) -> dict:
    """What devices note of pictures of exactly the model's size: `pixels` [n, 1, 28, 28] in 0…1."""
    levels = np.round(pixels.reshape(len(pixels), -1) * 255) / 255
    return {
        "megapixels": [28 * 28 / 1e6] * len(pixels),
        "aspect": [1.0] * len(pixels),
        "brightness": levels.mean(axis=1).tolist(),
        "contrast": levels.std(axis=1).tolist(),
    }


if __name__ == "__main__":
    package, folder = map(Path, sys.argv[1:])
    _, held_out = read_digits(package)
    logits = open_variants(folder)["int8"](held_out.pixels)
    spec = json.loads((folder / "model.json").read_text())
    labels = [str(label) for label in held_out.labels]
    write_json(baseline(spec, logits, labels, seen_in(held_out.pixels)), folder / "baseline.json")
