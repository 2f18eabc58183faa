"""The preprocessing steps of model.json as Pillow and numpy compute them: f32, batch axis of 1."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def preprocess(file: Path, steps: list[dict]) -> np.ndarray:
    """An image file → [1, C, H, W] or [1, H, W, C]."""
    value = file
    for step in steps:
        value = STEPS[step["step"]](value, step)
    return value


def decode_image(file: Path, _step: dict) -> Image.Image:
    with Image.open(file) as opened:
        rgba = ImageOps.exif_transpose(opened).convert("RGBA")
    black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, rgba).convert("RGB")


def grayscale(image: Image.Image, _step: dict) -> Image.Image:
    return image.convert("L")


def resize(image: Image.Image | np.ndarray, step: dict) -> Image.Image | np.ndarray:
    size = (step["size"]["width"], step["size"]["height"])
    if isinstance(image, Image.Image):
        return image.resize(size, step["resample"])
    channels = [Image.fromarray(image[:, :, c]) for c in range(image.shape[2])]
    return np.stack([np.asarray(c.resize(size, step["resample"])) for c in channels], axis=2)


def rescale(image: Image.Image | np.ndarray, step: dict) -> np.ndarray:
    return (as_array(image).astype(np.float64) * step["rescale_factor"]).astype(np.float32)


def normalize(image: Image.Image | np.ndarray, step: dict) -> np.ndarray:
    mean = np.array(step["image_mean"], np.float32)
    std = np.array(step["image_std"], np.float32)
    return (as_array(image).astype(np.float32) - mean) / std


def to_tensor(image: Image.Image | np.ndarray, step: dict) -> np.ndarray:
    pixels = as_array(image).astype(np.float32)
    return (pixels.transpose(2, 0, 1) if step["layout"] == "NCHW" else pixels)[np.newaxis]


def as_array(image: Image.Image | np.ndarray) -> np.ndarray:
    """H, W, C"""
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]


STEPS = {
    "decode-image": decode_image,
    "grayscale": grayscale,
    "resize": resize,
    "rescale": rescale,
    "normalize": normalize,
    "to-tensor": to_tensor,
}
