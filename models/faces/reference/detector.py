"""What Python's onnxruntime finds in pictures, with the steps of a model.json by Pillow and numpy. `things` uses it too."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MODELS = Path(__file__).resolve().parent.parent.parent
sys.path += [str(MODELS.parent / "packages" / name) for name in ("publisher/python", "pipeline/fixtures")]
from baseline import of_labels, of_numbers  # noqa: E402
from detections import decode, objects, suppress  # noqa: E402
from steps import preprocess, target_size  # noqa: E402

GOLDEN_SEED = 1
# Values of an output that a golden case keeps, as in golden.py.
MAX_STORED_VALUES = 8192


class Detector:
    """One variant of a model."""

    def __init__(self, folder: Path, variant: str) -> None:
        self.spec = json.loads((folder / "model.json").read_text())
        files = next(one for one in self.spec["variants"] if one["name"] == variant)["files"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the same bits every time
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(folder / files[0]), options, providers=["CPUExecutionProvider"])
        self.outputs = [output["name"] for output in self.spec["outputs"]]

    def run(self, tensor: np.ndarray) -> list[np.ndarray]:
        return self.session.run(self.outputs, {self.spec["inputs"][0]["name"]: tensor})

    def find(self, file: Path, seen: dict[str, list] | None = None) -> list[dict]:
        boxes, scores = self.run(preprocess(file, self.spec, seen))
        steps = {step["step"]: step for step in self.spec["postprocessing"]}
        found = suppress(decode(boxes[0], scores[0], steps["anchor-boxes"]), steps["suppress"])
        with Image.open(file) as opened:
            size = ImageOps.exif_transpose(opened).size
        return objects(found, steps["objects"], self.place_of(size), size)

    def place_of(self, size: tuple[int, int]) -> dict:
        """Where a position of the input lies in a picture of that size: what `resize` and a centred `pad` make of it."""
        steps = {step["step"]: step for step in self.spec["preprocessing"]}
        resized = target_size(steps["resize"]["size"], size, 1)
        scale = np.array(size) / resized
        padded = steps.get("pad", {}).get("pad_size", dict(zip(("width", "height"), resized, strict=True)))
        margins = [(padded[name] - side) // 2 for name, side in zip(("width", "height"), resized, strict=True)]
        return {"scale": scale, "offset": -np.array(margins) * scale}


def write_pictures(folder: Path, pictures: dict[str, tuple[Image.Image, str, object]]) -> list[dict]:
    """By name: a picture, the group that it is of, and what is to be found in it."""
    items = []
    for name, (picture, group, truth) in pictures.items():
        file = folder / f"{name}.png"
        picture.save(file)
        raw = file.with_suffix(".png.rgba")
        raw.write_bytes(picture.convert("RGBA").tobytes())
        rgba = {"file": raw.name, "width": picture.width, "height": picture.height}
        items.append({"file": file.name, "rgba": rgba, "group": group, "truth": truth})
    return items


def answer(model: Path, folder: Path, pictures: dict) -> None:
    """Writes items.json with the pictures, reads them again, and writes answers.json with what each variant finds."""
    items = write_pictures(folder, pictures)
    (folder / "items.json").write_text(json.dumps(items))
    answers = {}
    for variant in variants_of(model):
        detector = Detector(model, variant)
        answers[variant] = [detector.find(folder / item["file"]) for item in items]
    (folder / "answers.json").write_text(json.dumps(answers))


def make(model: Path, folder: Path, pictures: dict) -> None:
    """Writes the model's golden.json, golden/ and baseline.json, the last from pictures that lie in `folder` then."""
    items = write_pictures(folder, pictures)
    write_json(model / "golden.json", golden(model))
    detector, seen = Detector(model, variants_of(model)[0]), {}
    found = [detector.find(folder / item["file"], seen) for item in items]
    best = [objects[0] for objects in found if objects]
    labels = list(detector.spec["postprocessing"][-1]["id2label"].values())
    distributions = [
        of_numbers("confidence", "score", np.array([one["score"] for one in best])),
        of_labels("class", "output", [one["label"] for one in best], labels),
        of_numbers("boxes", "output", np.array([len(objects) for objects in found])),
        *(of_numbers(name, "input", np.array(values)) for name, values in seen.items()),
    ]
    write_json(model / "baseline.json", {"format": 2, "n": len(items), "distributions": distributions})


def golden(model: Path) -> dict:
    """One case, drawn from a seed: a picture would be larger than the weights of the smaller model."""
    spec = json.loads((model / "model.json").read_text())
    (given,) = spec["inputs"]
    seeded = {"datatype": "FP32", "shape": given["shape"], "seed": GOLDEN_SEED, "range": [-1, 1]}
    tensor = drawn(given["shape"])
    expected = {}
    for variant in variants_of(model):
        outputs = Detector(model, variant).run(tensor)
        names = [output["name"] for output in spec["outputs"]]
        expected[variant] = {
            name: store(model, f"{variant}.{name.split('/')[-1]}", values)
            for name, values in zip(names, outputs, strict=True)
        }
    case = {"name": "drawn", "inputs": {given["name"]: seeded}, "expected": expected}
    tolerance = {variant: {"abs": 1e-3, "rel": 1e-3} for variant in expected}
    return {"format": 1, "cases": [case], "tolerance": tolerance}


def drawn(shape: list[int]) -> np.ndarray:
    """The numbers that the seed stands for, −1 to 1: xorshift32, as in golden.py."""
    state, values = GOLDEN_SEED, np.empty(math.prod(shape))
    for i in range(len(values)):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        values[i] = (state >> 8) / 2**24 * 2 - 1
    return values.astype(np.float32).reshape(shape)


def store(model: Path, name: str, values: np.ndarray) -> dict:
    every = max(1, math.ceil(values.size / MAX_STORED_VALUES))
    while every > 1 and math.gcd(every, values.size) > 1:
        every += 1
    file = f"golden/{name}.bin"
    (model / "golden").mkdir(exist_ok=True)
    (model / file).write_bytes(values.reshape(-1)[::every].astype("<f4").tobytes())
    stored = {"datatype": "FP32", "shape": list(values.shape), "file": file}
    return stored if every == 1 else {**stored, "every": every}


def variants_of(model: Path) -> list[str]:
    return [one["name"] for one in json.loads((model / "model.json").read_text())["variants"]]


def write_json(file: Path, content: dict) -> None:
    file.write_text(f"{json.dumps(content, indent=2)}\n")
