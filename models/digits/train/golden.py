"""Writes golden.json and golden/*.bin: `golden.py PACKAGE_DIR MODEL_DIR`.

Inputs, and what each variant must answer. The first case is a single digit because it runs
whenever a session is created.
"""

import sys
from pathlib import Path

import numpy as np

from data import Digits, blank_and_full, read_digits
from tolerance import TOLERANCE
from variants import open_variants
from write_json import write_json


def golden_inputs(training: Digits) -> dict[str, np.ndarray]:
    """Case name → f32 [n,1,28,28]. A digit is the first of its class that training saw."""

    def first(*labels: int) -> np.ndarray:
        return training.pixels[[np.argmax(training.labels == label) for label in labels]]

    return {
        "seven": first(7),
        "two-four-five-nine": first(2, 4, 5, 9),
        "blank-and-full": blank_and_full(),
    }


def write_golden(training: Digits, folder: Path) -> None:
    variants = open_variants(folder)
    (folder / "golden").mkdir(exist_ok=True)

    def write(name: str, tensor: np.ndarray) -> dict:
        file = f"golden/{name}.bin"
        (folder / file).write_bytes(tensor.astype("<f4").tobytes())
        return {"datatype": "FP32", "shape": list(tensor.shape), "file": file}

    cases = [
        {
            "name": case,
            "inputs": {"pixel_values": write(f"{case}.pixel_values", pixels)},
            "expected": {
                variant: {"logits": write(f"{case}.{variant}.logits", run(pixels))}
                for variant, run in variants.items()
            },
        }
        for case, pixels in golden_inputs(training).items()
    ]
    golden = {"format": 1, "cases": cases, "tolerance": TOLERANCE}
    write_json(golden, folder / "golden.json")


if __name__ == "__main__":
    package, folder = map(Path, sys.argv[1:])
    training, _ = read_digits(package)
    write_golden(training, folder)
