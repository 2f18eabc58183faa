"""What SentencePiece's library makes of a text, and onnxruntime of that."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

FOLDER = Path(__file__).resolve().parents[1]
sys.path.append(str(FOLDER.parent / "sentences/reference"))
from model import open_pieces  # noqa: E402, F401 the same tokenizer.json

SPEC = json.loads((FOLDER / "model.json").read_text())
TOKENIZE = next(step for step in SPEC["preprocessing"] if step["step"] == "tokenize")
VOCABULARY = [piece for piece, _ in json.loads((FOLDER / "tokenizer.json").read_text())["model"]["vocab"]]
ID2LABEL = SPEC["postprocessing"][-1]["id2label"]
VARIANTS = [variant["name"] for variant in SPEC["variants"]]
TEXTS_AT_ONCE = 16


def open_model(variant: str = VARIANTS[0]):
    """A function from lists of ids to logits, [n, 2]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the same bits every time
    file = FOLDER / SPEC["variants"][VARIANTS.index(variant)]["files"][0]
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def run(texts: list[list[int]]) -> np.ndarray:
        logits = np.zeros((len(texts), len(ID2LABEL)), np.float32)
        by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            places = by_length[start : start + TEXTS_AT_ONCE]
            logits[places] = session.run(["logits"], filled([texts[place] for place in places]))[0]
        return logits

    return run


def filled(texts: list[list[int]]) -> dict[str, np.ndarray]:
    """Cut to what the model reads, and filled up to a multiple."""
    texts = [pieces[: TOKENIZE["max_length"]] for pieces in texts]
    multiple = TOKENIZE.get("pad_to_multiple_of", 16)
    length = max(-(-len(pieces) // multiple) * multiple for pieces in texts)
    ids, mask = np.zeros((2, len(texts), length), np.int64)
    for row, pieces in enumerate(texts):
        ids[row, : len(pieces)] = pieces
        mask[row, : len(pieces)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def labels_of(logits: np.ndarray) -> list[str]:
    return [ID2LABEL[str(index)] for index in logits.argmax(axis=1)]
