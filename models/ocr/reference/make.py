"""Writes golden.json, golden/ and baseline.json: what Python's onnxruntime answers to parts of a rendered line.

    npm run build && /usr/bin/python3 models/ocr/reference/make.py
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from lines import lines
from PIL import Image
from reader import FOLDER, SPEC, Reader

sys.path.append(str(FOLDER.parent.parent / "packages/publisher/python"))
from baseline import of_numbers  # noqa: E402

# Small, as every device has these files (at most 2 % of the weights), and with a letter in them, so that the answers are no
# zeros.
GOLDEN_LINE = 3
DETECTED, RECOGNIZED = (32, 32), (16, 48)
# A line of text as devices read it: most are about this long.
LINE = [1, 3, 48, 320]


def golden(readers: dict[str, Reader]) -> dict:
    picture = np.asarray(lines()[GOLDEN_LINE].picture)
    differs = np.abs(picture.astype(int) - picture[0, 0]).sum(2) > 100
    top, left = (int(np.where(differs.any(axis))[0][0]) for axis in (1, 0))
    height = int(np.where(differs.any(1))[0][-1]) + 1 - top
    around = picture[top - height // 2 :, left - height // 2 :][: 2 * height, : 2 * height]
    letter = picture[top:, left:][:height, : height * 2 // 3]
    detected = normalized(np.asarray(Image.fromarray(around).resize(DETECTED)), "detect")
    recognized = normalized(np.asarray(Image.fromarray(letter).resize(RECOGNIZED)), "recognize")
    cases = []
    for stage, given, output in (
        ("detect", detected, "sigmoid_0.tmp_0"),
        ("recognize", recognized, "softmax_11.tmp_0"),
    ):
        expected = {}
        for variant, reader in readers.items():
            session = reader.detector if stage == "detect" else reader.recognizer
            (values,) = session.run(None, {"x": given})
            expected[variant] = {output: store(f"{stage}.{variant}", values)}
        one = {"name": stage, "stage": stage, "inputs": {"x": store(f"{stage}.x", given)}, "expected": expected}
        if stage == "recognize":
            one["warmUp"] = {"x": {"datatype": "FP32", "shape": LINE, "seed": 1}}
        cases.append(one)
    tolerance = {variant: {"abs": 1e-3, "rel": 1e-2} for variant in readers}
    return {"format": 1, "cases": cases, "tolerance": tolerance}


def normalized(pixels: np.ndarray, stage: str) -> np.ndarray:
    (normal,) = (
        step
        for one in SPEC["stages"]
        if one["name"] == stage
        for step in one["preprocessing"]
        if step["step"] == "normalize"
    )
    floats = pixels[:, :, ::-1].astype(np.float32) / np.float32(255)
    floats = (floats - np.float32(normal["image_mean"])) / np.float32(normal["image_std"])
    return np.ascontiguousarray(floats.transpose(2, 0, 1)[np.newaxis])


def store(name: str, values: np.ndarray) -> dict:
    file = f"golden/{name}.bin"
    (FOLDER / "golden").mkdir(exist_ok=True)
    (FOLDER / file).write_bytes(np.asarray(values, "<f4").tobytes())
    return {"datatype": "FP32", "shape": list(values.shape), "file": file}


def baseline(reader: Reader) -> dict:
    sure, boxes, seen = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for line in lines():
            file = Path(folder) / "line.png"
            line.picture.save(file)
            found = reader.read(file)
            boxes.append(len(found))
            sure += [max(one.score for one in found)] if found else []
            seen.append((line.picture.width, line.picture.height))
    sizes = np.array(seen, np.float64)
    distributions = [
        of_numbers("confidence", "score", np.array(sure)),
        of_numbers("boxes", "output", np.array(boxes)),
        of_numbers("megapixels", "input", sizes.prod(1) / 1e6),
        of_numbers("aspect", "input", sizes[:, 0] / sizes[:, 1]),
    ]
    return {"format": 2, "n": len(boxes), "distributions": distributions}


def write_json(name: str, content: dict) -> None:
    (FOLDER / name).write_text(f"{json.dumps(content, indent=2)}\n")


if __name__ == "__main__":
    all_variants = {one["name"]: Reader(one["name"]) for one in SPEC["variants"]}
    write_json("golden.json", golden(all_variants))
    write_json("baseline.json", baseline(all_variants["int8"]))
