"""Rendered lines and a photographed page as files, and what Python reads in them.

    apt-get install python3-opencv python3-pyclipper python3-skimage python3-pil python3-onnxruntime \\
        fonts-dejavu-core fonts-freefont-ttf fonts-liberation
    npm run build && /usr/bin/python3 models/ocr/reference/answer.py DIR

writes DIR/items.json with pictures and their raw RGBA, then reads the pictures again and writes DIR/answers.json: by
variant the lines of each, joined by spaces. The page is scikit-image's, also on its side and upside down, by EXIF.
"""

import json
import sys
from pathlib import Path

from lines import RenderedLine, lines
from PIL import Image, ImageOps
from reader import SPEC, Reader
from short_lines import short_lines
from skimage import data

HERE = Path(__file__).parent
ORIENTATION = 0x0112


def main(folder: Path) -> None:
    items = [
        *(write_line(folder, f"line-{i}", "line", line) for i, line in enumerate(lines())),
        *(write_line(folder, f"short-{i}", "short", line) for i, line in enumerate(short_lines())),
        *write_pages(folder),
    ]
    (folder / "items.json").write_text(json.dumps(items))
    answers = {}
    for variant in (one["name"] for one in SPEC["variants"]):
        reader = Reader(variant)
        read = (reader.read(folder / item["file"]) for item in items)
        answers[variant] = [" ".join(line.text for line in found) for found in read]
    (folder / "answers.json").write_text(json.dumps(answers))


def write_line(folder: Path, name: str, group: str, line: RenderedLine) -> dict:
    file = folder / f"{name}.png"
    line.picture.save(file)
    return item_of(file, group, line.text)


def write_pages(folder: Path) -> list[dict]:
    text = " ".join((HERE / "page.txt").read_text().split("\n")).strip()
    page = Image.fromarray(data.page()).convert("RGB")
    page.save(folder / "page.png")
    items = [item_of(folder / "page.png", "page", text)]
    for orientation, stored in ((6, page.transpose(Image.Transpose.ROTATE_90)), (3, page.transpose(Image.Transpose.ROTATE_180))):
        file = folder / f"page-{orientation}.jpg"
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        stored.save(file, quality=95, subsampling=0, exif=exif)
        items.append(item_of(file, "turned", text))
    return items


def item_of(file: Path, group: str, truth: str) -> dict:
    with Image.open(file) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    file.with_suffix(f"{file.suffix}.rgba").write_bytes(upright.tobytes())
    rgba = {"file": f"{file.name}.rgba", "width": upright.width, "height": upright.height}
    return {"file": file.name, "rgba": rgba, "group": group, "truth": truth}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
