"""Pictures with people and without as files, and the masks that Python makes of them: `answer.py DIR`.

    apt-get install python3-numpy python3-onnxruntime python3-pil python3-skimage
    npm run build && /usr/bin/python3 models/people/reference/answer.py DIR

writes DIR/items.json with pictures and their raw RGBA, then reads the pictures again and writes DIR/answers.json: by
variant the mask of each, where the model is more sure than not, as lengths of the runs of 0 and 1 in turns.
"""

import json
import sys
from pathlib import Path

import numpy as np
from model import VARIANTS, mask_of, open_model, to_input
from PIL import Image
from pictures import pictures

COUNT = 12


def main(folder: Path) -> None:
    items = [write_picture(folder, *one) for one in pictures(COUNT)]
    (folder / "items.json").write_text(json.dumps(items))
    answers = {}
    for variant in VARIANTS:
        run, answers[variant] = open_model(variant), []
        for item in items:
            picture = Image.open(folder / item["file"])
            answers[variant].append(runs_of(mask_of(run(to_input(picture)), picture.size)))
    (folder / "answers.json").write_text(json.dumps(answers))


def write_picture(folder: Path, name: str, group: str, picture: Image.Image) -> dict:
    picture.save(folder / f"{name}.png")
    (folder / f"{name}.rgba").write_bytes(picture.convert("RGBA").tobytes())
    rgba = {"file": f"{name}.rgba", "width": picture.width, "height": picture.height}
    return {"file": f"{name}.png", "rgba": rgba, "group": group, "truth": None}


def runs_of(mask: np.ndarray) -> list[int]:
    is_on = mask.reshape(-1) > 127
    ends = np.flatnonzero(np.diff(is_on)) + 1
    runs = np.diff([0, *ends, is_on.size]).tolist()
    return [0, *runs] if is_on[0] else runs


main(Path(sys.argv[1]))
