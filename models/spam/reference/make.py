"""Writes golden.json, golden/ and baseline.json: what Python's onnxruntime makes of texts.

    apt-get install python3-numpy python3-onnxruntime python3-sentencepiece
    npm run build && /usr/bin/python3 models/spam/reference/make.py
"""

import json
import re
import sys

import numpy as np
from classifier import FOLDER, SPEC, TOKENIZE, VARIANTS, filled, open_model, open_pieces
from held_out import read_held_out

sys.path.append(str(FOLDER.parents[1] / "packages/publisher/python"))
from baseline import baseline  # noqa: E402

# One text in as few pieces as are read at once, and two, of which the shorter is filled up by half.
GOLDEN = {
    "text": ["Could you send me the invoice for March again, please?"],
    "texts": [
        "Congratulations, you are our winner! Claim your prize of $500,000 now, or your reward goes to somebody else.",
        "Do you have a table for four on Saturday?",
    ],
}
STORED_AS = {"FP32": "<f4", "INT64": "<i8"}
TOLERANCE = {"abs": 1e-4, "rel": 1e-3}
PLAIN_LIST = re.compile(r"\[\s+([^][{}]*?)\s+\]")


def write_golden(pieces) -> None:
    (FOLDER / "golden").mkdir(exist_ok=True)
    cases = []
    for name, texts in GOLDEN.items():
        read = [pieces(text) for text in texts]
        inputs = {tensor: store(f"{name}.{tensor}", values, "INT64") for tensor, values in filled(read, TOKENIZE).items()}
        expected = {
            variant: {"logits": store(f"{name}.{variant}", open_model(variant)(read))} for variant in VARIANTS
        }
        cases.append({"name": name, "inputs": inputs, "expected": expected})
    write_json("golden.json", {"format": 1, "cases": cases, "tolerance": dict.fromkeys(VARIANTS, TOLERANCE)})


def store(name: str, values: np.ndarray, datatype: str = "FP32") -> dict:
    file = f"golden/{name}.bin"
    (FOLDER / file).write_bytes(values.astype(STORED_AS[datatype]).tobytes())
    return {"datatype": datatype, "shape": list(values.shape), "file": file}


def write_baseline(pieces) -> None:
    """Of the held-out mails, as devices would report them."""
    mails = read_held_out()
    read = [pieces(mail.text) for mail in mails]
    tokens = [len(one) for one in read]
    unknown = [one.count(0) / len(one) for one in read]
    logits, labels = open_model()(read), [mail.label for mail in mails]
    write_json("baseline.json", baseline(SPEC, logits, labels, {"tokens": tokens, "unknown": unknown}))


def write_json(name: str, content: dict) -> None:
    text = PLAIN_LIST.sub(lambda found: f"[{' '.join(found[1].split())}]", json.dumps(content, indent=2))
    (FOLDER / name).write_text(f"{text}\n")


if __name__ == "__main__":
    write_golden(open_pieces())
    write_baseline(open_pieces())
