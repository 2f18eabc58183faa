"""The held-out records, and what the model answers to them without any TypeScript: `answer.py DIR`.

Writes DIR/items.json, every record whole and then twice with a fifth of its features left out, and
DIR/answers.json. What is left out has the training set's median; scaling and threshold are those of model.json,
which train/make.py has written.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

MODEL = Path(__file__).resolve().parent.parent
SEED = 20
MISSING = 0.2
DRAWINGS = 2


def main(folder: Path) -> None:
    held_out = json.loads((MODEL / "held-out.json").read_text())
    random = np.random.default_rng(SEED)
    records = [
        (dict(zip(held_out["names"], row["values"], strict=True)), row["label"])
        for row in held_out["rows"]
    ]
    items = [{"record": record, "truth": label, "group": "whole"} for record, label in records]
    for _ in range(DRAWINGS):
        for record, label in records:
            kept = {name: value for name, value in record.items() if random.random() >= MISSING}
            items.append({"record": kept, "truth": label, "group": "missing"})
    (folder / "items.json").write_text(json.dumps(items))
    answers = {"fp32": decide([item["record"] for item in items])}
    (folder / "answers.json").write_text(json.dumps(answers))


def decide(records: list[dict]) -> list[str]:
    spec = json.loads((MODEL / "model.json").read_text())
    scaling = next(step for step in spec["preprocessing"] if step["step"] == "scale")
    decision = spec["postprocessing"][-1]
    rows = np.array([[value_of(record, one) for one in spec["features"]] for record in records])
    scaled = ((rows - scaling["mean"]) / scaling["scale"]).astype(np.float32)
    session = onnxruntime.InferenceSession(MODEL / "fp32" / "model.onnx")
    logits = session.run(["logit"], {"row": scaled})[0][:, 0].astype(np.float64)
    is_positive = 1 / (1 + np.exp(-logits)) >= decision["threshold"]
    return [decision["id2label"][str(int(positive))] for positive in is_positive]


def value_of(record: dict, feature: dict) -> float:
    low, high = feature["range"]
    return min(max(record.get(feature["name"], feature["default"]), low), high)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
