"""The preprocessing steps of model.json as Pillow and numpy compute them: f32, batch axis of 1.

Each is the twin of a file in `packages/pipeline/src/steps`, and stands under the same name.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def preprocess(given: Path | dict, spec: dict, seen: dict[str, list] | None = None) -> np.ndarray:
    """An image file → [1, C, H, W] or [1, H, W, C]; a record of features → [1, columns].

    `seen` takes in what devices note of an input for drift statistics, by the name of its distribution.
    """
    value = given
    for step in spec["preprocessing"]:
        value = STEPS[step["step"]](value, step, spec)
        if seen is not None:
            for name, noted in note(step["step"], value).items():
                seen.setdefault(name, []).append(noted)
    return row_tensor(value) if value.ndim == 1 else value


def note(step: str, value: object) -> dict:
    """What a step says of what it gives."""
    if step == "decode-image":
        width, height = value.size
        return {"megapixels": width * height / 1e6, "aspect": width / height}
    if step == "resize" and isinstance(value, Image.Image):
        numbers = np.asarray(value).reshape(-1)
        sampled = numbers[:: max(1, len(numbers) // 4096)].astype(np.float64)
        return {"brightness": sampled.mean() / 255, "contrast": sampled.std() / 255}
    if step == "defaults":
        return {f"feature:{name}": one for name, one in value.items()}
    return {}


def row_tensor(row: np.ndarray) -> np.ndarray:
    return row.astype(np.float32)[np.newaxis]


def decode_image(file: Path, _step: dict, _spec: dict) -> Image.Image:
    with Image.open(file) as opened:
        rgba = ImageOps.exif_transpose(opened).convert("RGBA")
    black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, rgba).convert("RGB")


def grayscale(image: Image.Image, _step: dict, _spec: dict) -> Image.Image:
    return image.convert("L")


def resize(
    image: Image.Image | np.ndarray, step: dict, _spec: dict
) -> Image.Image | np.ndarray:
    size = (step["size"]["width"], step["size"]["height"])
    if isinstance(image, Image.Image):
        return image.resize(size, step["resample"])
    channels = [Image.fromarray(image[:, :, c]) for c in range(image.shape[2])]
    return np.stack([np.asarray(c.resize(size, step["resample"])) for c in channels], axis=2)


def rescale(image: Image.Image | np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    return (as_array(image).astype(np.float64) * step["rescale_factor"]).astype(np.float32)


def normalize(image: Image.Image | np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    mean = np.array(step["image_mean"], np.float32)
    std = np.array(step["image_std"], np.float32)
    return (as_array(image).astype(np.float32) - mean) / std


def to_tensor(image: Image.Image | np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    pixels = as_array(image).astype(np.float32)
    return (pixels.transpose(2, 0, 1) if step["layout"] == "NCHW" else pixels)[np.newaxis]


def defaults(record: dict, _step: dict, spec: dict) -> dict:
    """Every feature of the spec: the record's own where it fits, else the default."""
    return {feature["name"]: complete(record.get(feature["name"]), feature) for feature in spec["features"]}


def complete(given: object, feature: dict) -> float | str | bool:
    if not fits(given, feature):
        if "default" in feature:
            return feature["default"]
        raise ValueError(f"{feature['name']}: {given} does not fit, and there is no default")
    if feature["type"] != "number" or "range" not in feature:
        return given
    clipped = min(max(given, feature["range"][0]), feature["range"][1])
    if clipped != given and feature.get("outside") != "clip":
        raise ValueError(f"{feature['name']}: {given} is outside {feature['range']}")
    return clipped


def fits(given: object, feature: dict) -> bool:
    if feature["type"] == "category":
        return given in feature["categories"]
    if feature["type"] == "boolean":
        return isinstance(given, bool)
    return isinstance(given, (int, float)) and not isinstance(given, bool) and np.isfinite(given)


def one_hot(record: dict, _step: dict, spec: dict) -> np.ndarray:
    columns = []
    for feature in spec["features"]:
        value = record[feature["name"]]
        is_category = feature["type"] == "category"
        columns += [value == one for one in feature["categories"]] if is_category else [value]
    return np.array(columns, np.float64)


def scale(row: np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    return (row - np.array(step["mean"])) / np.array(step["scale"])


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
    "defaults": defaults,
    "one-hot": one_hot,
    "scale": scale,
}
