"""Five photos of scikit-image, as models take them.

    python3 bench/accuracy/photos.py DIR 128 256

writes DIR/<photo>-<size>.rgb for each size: RGB of 8 bits, size × size pixels, resized by Pillow.
"""

import sys
from pathlib import Path

from PIL import Image
from skimage import data

PHOTOS = {
    "astronaut": data.astronaut,
    "coffee": data.coffee,
    "chelsea": data.chelsea,
    "motorcycle": lambda: data.stereo_motorcycle()[0],
    "rocket": data.rocket,
}


def main(folder: Path, sizes: list[int]) -> None:
    for name, read in PHOTOS.items():
        photo = Image.fromarray(read()).convert("RGB")
        for size in sizes:
            pixels = photo.resize((size, size), Image.Resampling.BILINEAR)
            (folder / f"{name}-{size}.rgb").write_bytes(pixels.tobytes())


main(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]])
