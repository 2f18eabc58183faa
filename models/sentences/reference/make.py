"""Writes golden.json, golden/ and baseline.json.

    apt-get install python3-numpy python3-onnxruntime python3-sentencepiece
    npm run build && /usr/bin/python3 models/sentences/reference/make.py

What fp32 is expected to give comes from TensorFlow.js and the original graph, what int8 is, from Python's onnxruntime.
"""

import json
import sys

import numpy as np
from model import FOLDER, TOKENIZE, VARIANTS, filled, open_model, open_pieces
from texts import TEXTS, embed_with_tensorflow

sys.path.append(str(FOLDER.parent.parent / "packages/publisher/python"))
from baseline import of_numbers  # noqa: E402

# One text in as few pieces as are read at once, and two, of which the shorter is filled up by half.
GOLDEN = {"text": TEXTS[:1], "texts": [TEXTS[1], TEXTS[6] + " " + TEXTS[7]]}
STORED_AS = {"FP32": "<f4", "INT64": "<i8"}
TOLERANCE = {"abs": 1e-4, "rel": 1e-3}


def write_golden(pieces) -> None:
    (FOLDER / "golden").mkdir(exist_ok=True)
    cases = []
    for name, texts in GOLDEN.items():
        read = [pieces(text) for text in texts]
        inputs = {tensor: store(f"{name}.{tensor}", values, "INT64") for tensor, values in filled(read, TOKENIZE).items()}
        vectors = {variant: open_model(variant)(read) for variant in VARIANTS}
        vectors["fp32"] = np.array(embed_with_tensorflow(read), np.float32)
        expected = {variant: {"embedding": store(f"{name}.{variant}", vectors[variant])} for variant in VARIANTS}
        cases.append({"name": name, "inputs": inputs, "expected": expected})
    write_json("golden.json", {"format": 1, "cases": cases, "tolerance": dict.fromkeys(VARIANTS, TOLERANCE)})


def store(name: str, values: np.ndarray, datatype: str = "FP32") -> dict:
    file = f"golden/{name}.bin"
    (FOLDER / file).write_bytes(values.astype(STORED_AS[datatype]).tobytes())
    return {"datatype": datatype, "shape": list(values.shape), "file": file}


def write_baseline(pieces) -> None:
    read = [pieces(text) for text in TEXTS]
    tokens = of_numbers("tokens", "input", np.array([len(one) for one in read]))
    unknown = of_numbers("unknown", "input", np.array([one.count(0) / len(one) for one in read]))
    write_json("baseline.json", {"format": 2, "n": len(TEXTS), "distributions": [tokens, unknown]})


def write_json(name: str, content: dict) -> None:
    (FOLDER / name).write_text(f"{json.dumps(content, indent=2)}\n")


write_golden(open_pieces())
write_baseline(open_pieces())
