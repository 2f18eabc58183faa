"""Pictures with a person, and with none: scikit-image's photos, and its astronaut before other grounds.

    /usr/bin/python3 models/people/reference/pictures.py DIR COUNT

writes so many of them as files, for the gate of `nearside pack --evaluate`. They are the same every time.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from model import open_model, to_input
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from skimage import data

PHOTOS = {"astronaut": "person", "camera": "person", "coffee": "nobody", "chelsea": "nobody"}
GROUNDS = ("coffee", "chelsea", "brick", "grass", "gravel", "rocket", "page", "motorcycle_left")
SEED = 5


def photo(name: str) -> Image.Image:
    if name in ("rocket", "motorcycle_left"):
        file = Path(data.__file__).with_name(f"{name}.{'jpg' if name == 'rocket' else 'png'}")
        return Image.open(file).convert("RGB")
    return Image.fromarray(getattr(data, name)()).convert("RGB")


def pictures(count: int) -> Iterator[tuple[str, str, Image.Image]]:
    """Name, group, picture."""
    for name, group in list(PHOTOS.items())[:count]:
        yield name, group, photo(name)
    random, person = np.random.default_rng(SEED), cut_out(photo("astronaut"))
    for i in range(count - len(PHOTOS)):
        ground = GROUNDS[i % len(GROUNDS)]
        yield f"{ground}-{i}", "person", composed(person, photo(ground), random)


def cut_out(picture: Image.Image) -> Image.Image:
    """What the model itself takes for the person, RGBA."""
    mask = open_model("fp32")(to_input(picture))
    alpha = Image.fromarray(np.rint(mask * 255).astype(np.uint8)).resize(picture.size, Image.Resampling.BILINEAR)
    picture = picture.copy()
    picture.putalpha(alpha)
    return picture


def composed(person: Image.Image, ground: Image.Image, random: np.random.Generator) -> Image.Image:
    width, height = (int(side) for side in random.integers(240, 641, 2))
    made = ImageOps.fit(ground, (width, height)).filter(ImageFilter.GaussianBlur(random.uniform(0, 2)))
    if random.random() < 0.5:
        person = ImageOps.mirror(person)
    tall = int(height * random.uniform(0.5, 1.2))
    person = person.resize((tall, tall), Image.Resampling.BICUBIC)
    left = int(width * random.uniform(0.2, 0.8) - tall / 2)
    made.paste(person, (left, height - int(tall * random.uniform(0.8, 1))), person)
    return ImageEnhance.Brightness(made).enhance(random.uniform(0.6, 1.3))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, _, picture in pictures(int(sys.argv[2])):
        picture.save(folder / f"{name}.png")
