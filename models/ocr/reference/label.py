"""Writes lines/: three hundred rendered lines in 16 greys, and labels.jsonl with what stands in each and its font.

    apt-get install python3-numpy python3-pil fonts-dejavu-core fonts-liberation
    /usr/bin/python3 models/ocr/reference/label.py
"""

import json
from pathlib import Path

from lines import lines
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "lines"
COUNT = 300
GREYS = 16


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    labels = []
    for i, line in enumerate(lines(COUNT)):
        file = f"{i:03}.png"
        grey = line.picture.convert("L").quantize(GREYS, dither=Image.Dither.NONE)
        grey.save(FOLDER / file, optimize=True)
        labels.append(json.dumps({"input": file, "expected": line.text, "slice": line.font}))
    (FOLDER / "labels.jsonl").write_text("\n".join(labels) + "\n")


if __name__ == "__main__":
    main()
