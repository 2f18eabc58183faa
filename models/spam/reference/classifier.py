"""What SentencePiece's library makes of a text, and onnxruntime of that."""

import json
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1]
sys.path.append(str(FOLDER.parent / "sentences/reference"))
from model import filled, open_file, open_pieces  # noqa: E402, F401 the same tokenizer.json

SPEC = json.loads((FOLDER / "model.json").read_text())
TOKENIZE = next(step for step in SPEC["preprocessing"] if step["step"] == "tokenize")
VOCABULARY = [piece for piece, _ in json.loads((FOLDER / "tokenizer.json").read_text())["model"]["vocab"]]
ID2LABEL = SPEC["postprocessing"][-1]["id2label"]
VARIANTS = [variant["name"] for variant in SPEC["variants"]]


def open_model(variant: str = VARIANTS[0]):
    """A function from lists of ids to logits, [n, 2]."""
    file = FOLDER / SPEC["variants"][VARIANTS.index(variant)]["files"][0]
    return open_file(file, "logits", len(ID2LABEL), TOKENIZE)


def labels_of(logits: np.ndarray) -> list[str]:
    return [ID2LABEL[str(index)] for index in logits.argmax(axis=1)]
