"""What Python's onnxruntime answers to pictures, with Pillow's and numpy's steps."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent
sys.path.append(str(FOLDER.parent.parent / "packages/publisher/python"))
from steps import STEPS  # noqa: E402

SPEC = json.loads((FOLDER / "model.json").read_text())
VARIANTS = [variant["name"] for variant in SPEC["variants"]]
# The one that devices run.
SHIPPED = next(variant["name"] for variant in SPEC["variants"] if variant.get("ships", True))


def open_model(variant: str):
    """A function: [1, 256, 256, 3] → [256, 256], 0 to 1."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the same bits every time
    file = FOLDER / SPEC["variants"][VARIANTS.index(variant)]["files"][0]
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda tensor: session.run(None, {SPEC["inputs"][0]["name"]: tensor})[0][0, :, :, 0]


def to_input(picture: Image.Image) -> np.ndarray:
    value = picture.convert("RGB")
    for step in SPEC["preprocessing"][1:]:  # it is decoded already
        value = STEPS[step["step"]](value, step, SPEC)
    return value


def mask_of(scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[256, 256], 0 to 1 → 8 bits a pixel of a picture of that size, bilinear."""
    levels = np.rint(np.clip(scores.astype(np.float64), 0, 1) * 255)
    for axis, side in ((1, size[0]), (0, size[1])):
        given = levels.shape[axis]
        places = np.clip((np.arange(side) + 0.5) * given / side - 0.5, 0, given - 1)
        below = np.floor(places).astype(int)
        above = np.minimum(below + 1, given - 1)
        weights = (places - below).reshape((-1, 1) if axis == 0 else (1, -1))
        levels = np.take(levels, below, axis) * (1 - weights) + np.take(levels, above, axis) * weights
    return np.floor(levels + 0.5).astype(np.uint8)
