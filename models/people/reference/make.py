"""Writes golden.json, golden/ and baseline.json: what Python's onnxruntime answers, with Pillow's and numpy's steps.

    apt-get install python3-numpy python3-onnxruntime python3-pil python3-skimage
    npm run build && /usr/bin/python3 models/people/reference/make.py
"""

import json

import numpy as np
from model import FOLDER, SHIPPED, SPEC, VARIANTS, open_model, to_input

# After model.py, which says where they are.
import golden
from baseline import of_numbers
from golden import seeded_tensor, write_output
from pictures import pictures
from steps import note

# The model finds nobody in values from 0 to 1 that are drawn, and wrong numbers would say so too.
RANGE = [-4, 5]
PICTURES = 60


def write_golden() -> None:
    given, output = SPEC["inputs"][0], SPEC["outputs"][0]
    drawn = {"datatype": "FP32", "shape": given["shape"], "seed": 1, "range": RANGE}
    tensor = seeded_tensor(drawn["datatype"], drawn["shape"], drawn["seed"], RANGE)
    golden.FOLDER = FOLDER
    expected = {}
    for variant in VARIANTS:
        answered = open_model(variant)(tensor).reshape(output["shape"])
        expected[variant] = {output["name"]: write_output(f"drawn.{variant}", answered, "FP32")}
    case = {"name": "drawn", "inputs": {given["name"]: drawn}, "expected": expected}
    tolerance = {variant: {"abs": 5e-3, "rel": 1e-2} for variant in VARIANTS}
    write_json("golden.json", {"format": 1, "cases": [case], "tolerance": tolerance})


def write_baseline() -> None:
    run, masked, seen = open_model(SHIPPED), [], {}
    for _, _, picture in pictures(PICTURES):
        value = picture.convert("RGB")
        notes = {**note("decode-image", value), **note("resize", value.resize((256, 256), 2))}
        for name, number in notes.items():
            seen.setdefault(name, []).append(number)
        masked.append((np.rint(run(to_input(picture)) * 255) > 127).mean())
    inputs = [of_numbers(name, "input", np.array(values)) for name, values in seen.items()]
    distributions = [of_numbers("masked", "output", np.array(masked)), *inputs]
    write_json("baseline.json", {"format": 2, "n": PICTURES, "distributions": distributions})


def write_json(name: str, content: dict) -> None:
    (FOLDER / name).write_text(f"{json.dumps(content, indent=2)}\n")


write_golden()
write_baseline()
