"""The held-out digits as files, and what each variant answers to those files without any TypeScript.

`answer.py DIR MNIST` writes DIR/items.json with a PNG and its raw RGBA for each of the 1,000 digits, then reads
the PNGs again with Pillow and writes DIR/answers.json: by variant a label for each.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

MODEL = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(MODEL / "train"))
from data import read_digits  # noqa: E402
from variants import open_variants  # noqa: E402


def main(folder: Path, package: Path) -> None:
    training, held_out = read_digits(package)
    require_unseen(training.pixels, held_out.pixels)
    items = [
        write_item(folder, f"digit-{index}", pixels[0], str(label))
        for index, (pixels, label) in enumerate(zip(held_out.pixels, held_out.labels, strict=True))
    ]
    (folder / "items.json").write_text(json.dumps(items))
    pixels = np.stack([read_pixels(folder / item["file"]) for item in items])
    answers = {
        variant: [str(label) for label in run(pixels).argmax(axis=1)]
        for variant, run in open_variants(MODEL).items()
    }
    (folder / "answers.json").write_text(json.dumps(answers))


def require_unseen(training: np.ndarray, held_out: np.ndarray) -> None:
    seen = {pixels.tobytes() for pixels in training}
    twice = sum(pixels.tobytes() in seen for pixels in held_out)
    if twice:
        sys.exit(f"expected held-out digits that training never saw, got {twice} that it did")


def write_item(folder: Path, name: str, pixels: np.ndarray, label: str) -> dict:
    image = Image.fromarray(np.round(pixels * 255).astype(np.uint8))
    image.save(folder / f"{name}.png")
    (folder / f"{name}.rgba").write_bytes(image.convert("RGBA").tobytes())
    return {
        "file": f"{name}.png",
        "rgba": {"file": f"{name}.rgba", "width": image.width, "height": image.height},
        "truth": label,
    }


def read_pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("L"), np.float32)[np.newaxis] / np.float32(255)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
