"""scikit-image's photos: by name a picture, its group, and what is to be found in it."""

import sys
from pathlib import Path

from PIL import Image
from skimage import data

sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "faces/reference"))

PHOTOS = {"astronaut": ["Person"], "cat": ["Cat"], "coffee": ["Coffee cup"], "rocket": []}


def photos() -> dict:
    return {name: (photo(name), "photo", things) for name, things in PHOTOS.items()}


def photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)()).convert("RGB")
