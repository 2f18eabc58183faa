"""Reads what is trained on, as pieces: `prepare.py TRAINING.npz`. PyTorch and onnxruntime do not share a process."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from mails import read_mails
from short_texts import training_texts
from split import split
from topology import LABELS, PIECES, WIDTH

MODELS = Path(__file__).resolve().parents[2]
SENTENCES = MODELS / "sentences"
sys.path.append(str(SENTENCES / "reference"))
from model import open_pieces  # noqa: E402

# The deviation of the table's numbers, with which training begins.
SPREAD = 0.3


def main(file: Path) -> None:
    training, _ = split(read_mails())
    pieces = open_pieces()
    mails = [(mail.label, pieces(mail.text)) for mail in training]
    short = [(label, pieces(text)) for label, text in training_texts()]
    np.savez(file, table=first_table(), begins_word=begins_word(), **as_arrays("mails", mails), **as_arrays("short", short))


def as_arrays(name: str, texts: list[tuple[str, list[int]]]) -> dict[str, np.ndarray]:
    """Labels, lengths, and all pieces in a row."""
    return {
        f"{name}.labels": np.array([LABELS.index(label) for label, _ in texts]),
        f"{name}.lengths": np.array([len(pieces) for _, pieces in texts]),
        f"{name}.pieces": np.concatenate([pieces for _, pieces in texts]),
    }


def begins_word() -> np.ndarray:
    vocab = json.loads((SENTENCES / "tokenizer.json").read_text())["model"]["vocab"]
    return np.array([piece.startswith("▁") for piece, _ in vocab])


def first_table() -> np.ndarray:
    """The first principal components of the vectors that `models/sentences` has for pieces: [P,32]."""
    graph = onnx.load(SENTENCES / "fp32/model.onnx").graph
    constant = next(node for node in graph.node if node.output[0] == "pieces")
    vectors = numpy_helper.to_array(constant.attribute[0].t)[:PIECES].astype(np.float64)
    left, sizes, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    table = left[:, :WIDTH] * sizes[:WIDTH]
    return (table / table.std() * SPREAD).astype(np.float32)


main(Path(sys.argv[1]))
