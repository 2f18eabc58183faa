"""scikit-image's photos: by name a picture, its group, and a label for each face in it."""

import numpy as np
from PIL import Image
from skimage import data

PHOTOS = {"astronaut": 1, "camera": 1, "cat": 0, "coffee": 0, "rocket": 0}


def photos() -> dict:
    return {name: (photo(name), "photo", ["face"] * count) for name, count in PHOTOS.items()}


def photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)()).convert("RGB")


def cut_out() -> dict:
    """A hundred faces of 25 × 25 pixels in grey, then a hundred pictures of something else."""
    faces = {}
    for i, values in enumerate(data.lfw_subset()):
        picture = Image.fromarray((values * 255).round().astype(np.uint8)).convert("RGB")
        group = "face" if i < 100 else "other"
        faces[f"{group}-{i % 100}"] = (picture, group, ["face"] if i < 100 else [])
    return faces
