"""Writes baseline.json, the int8 form on the held-out digits: `baseline.py PACKAGE_DIR MODEL_DIR`.

A bin holds low ≤ value < high; the last one also holds its upper edge. Entropy is in nats, from 0
(certain) to ln 10 (all ten digits equally likely). `classes` counts predictions, not labels.
"""

import sys
from pathlib import Path

import numpy as np

from data import read_digits
from topology import CLASSES
from variants import open_variants
from write_json import write_json

CONFIDENCE_EDGES = [bin / 10 for bin in range(11)]
ENTROPY_EDGES = [round(bin / 10 * float(np.log(CLASSES)), 4) for bin in range(11)]


def baseline(logits: np.ndarray, labels: np.ndarray) -> dict:
    probabilities = softmax(logits.astype(np.float64))
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    tiny = np.finfo(np.float64).tiny  # 0 · log 0 is 0
    entropy = -(probabilities * np.log(np.maximum(probabilities, tiny))).sum(axis=1)
    return {
        "format": 1,
        "n": len(labels),
        "confidence": {
            "edges": CONFIDENCE_EDGES,
            "counts": count(confidence, CONFIDENCE_EDGES),
            "correct": count(confidence[predicted == labels], CONFIDENCE_EDGES),
        },
        "entropy": {"edges": ENTROPY_EDGES, "counts": count(entropy, ENTROPY_EDGES)},
        "classes": {str(label): int((predicted == label).sum()) for label in range(CLASSES)},
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def count(values: np.ndarray, edges: list[float]) -> list[int]:
    return np.histogram(values, edges)[0].tolist()


if __name__ == "__main__":
    package, folder = map(Path, sys.argv[1:])
    _, held_out = read_digits(package)
    logits = open_variants(folder)["int8"](held_out.pixels)
    write_json(baseline(logits, held_out.labels), folder / "baseline.json")
