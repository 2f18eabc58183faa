"""Makes every generated file of the spam model in about five minutes on one core.

    npm run build && /usr/bin/python3 models/spam/train/make.py

Requirements, as Debian 13 packages: python3-torch python3-onnx python3-onnxruntime python3-numpy python3-sentencepiece, and
npm with a registry, from which the mails are fetched once.

Run twice on one machine it writes the same bytes. A processor with other vector instructions adds floats in another order and
may train slightly different weights. Then `scripts/place-weights.mjs` says which SHA-256 `weights.json` has to have for int8.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

TRAIN = Path(__file__).resolve().parent
MODEL = TRAIN.parent
ROOT = MODEL.parents[1]


def make() -> None:
    with TemporaryDirectory() as scratch:
        training, weights = Path(scratch) / "training.npz", Path(scratch) / "weights.npz"
        python(TRAIN / "prepare.py", training)
        python(TRAIN / "train.py", training, weights)
        python(TRAIN / "export_onnx.py", weights, MODEL / "fp32/model.onnx")
    run("node", ROOT / "scripts/place-weights.mjs")
    python(MODEL / "reference/make.py")


def python(script: Path, *files: Path) -> None:
    """In a process of its own: which of PyTorch, onnx and onnxruntime loads first matters."""
    print(f"— {script.name}", flush=True)
    run(sys.executable, script, *files)


def run(*command: str | Path) -> None:
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:  # otherwise it is a thousand operators registered a second time
        sys.exit(f"{done.stderr}\n{Path(command[1]).name} failed")


make()
