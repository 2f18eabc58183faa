"""How far a correct device may be from the golden outputs: `tolerance.py PACKAGE_DIR MODEL_DIR`.

A logit b may come back as a when |a − b| ≤ abs + rel · |b|. These bounds are held against other
correct ways to compute each form, on the held-out digits and both ends of the input range; each
way must leave half of the bound unused.
"""

import sys
from pathlib import Path

import numpy as np

from data import blank_and_full, read_digits
from variants import Run, open_layers, open_onnx, open_variants

TOLERANCE = {
    "int8": {"abs": 0.1, "rel": 0.01},  # a value between two steps may be rounded to either
    "fp32": {"abs": 0.001, "rel": 0.0001},  # sums in another order
    "uint8": {"abs": 0.05, "rel": 0.01},  # GPUs that keep tensors as half floats
}
LEVELS = ["ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED"]


def alternatives(folder: Path) -> dict[str, dict[str, Run]]:
    """Per variant, other correct ways to compute it than the one that wrote the golden outputs."""
    return {
        "int8": {level: open_onnx(folder / "int8" / "model.onnx", level) for level in LEVELS},
        "fp32": {level: open_onnx(folder / "fp32" / "model.onnx", level) for level in LEVELS},
        "uint8": {
            "float32": open_layers(folder / "tfjs", np.float32),
            "float16": open_layers(folder / "tfjs", np.float16),
        },
    }


def share_used(actual: np.ndarray, expected: np.ndarray, abs: float, rel: float) -> float:
    """1 is the edge of the tolerance."""
    return float((np.abs(actual - expected) / (abs + rel * np.abs(expected))).max())


def check_tolerance(pixels: np.ndarray, folder: Path) -> None:
    golden = open_variants(folder)
    for variant, ways in alternatives(folder).items():
        expected = golden[variant](pixels)
        for way, run in ways.items():
            actual = run(pixels)
            used = share_used(actual, expected, **TOLERANCE[variant])
            difference = np.abs(actual - expected).max()
            print(f"{variant:6}{way:20}{difference:9.1e} {used:6.1%} of the bound")
            assert used <= 0.5, f"the tolerance of {variant} is too narrow for {way}"


if __name__ == "__main__":
    package, folder = map(Path, sys.argv[1:])
    _, held_out = read_digits(package)
    check_tolerance(np.concatenate([held_out.pixels, blank_and_full()]), folder)
