"""Makes every generated file of the spam model in about a minute.

    npm run build && /usr/bin/python3 models/spam/train/make.py

Requirements, as Debian 13 packages: python3-numpy python3-scipy python3-onnx python3-onnxruntime python3-sentencepiece, and npm
with a registry, from which the mails are fetched once.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

TRAIN = Path(__file__).resolve().parent
MODEL = TRAIN.parent


def make() -> None:
    with TemporaryDirectory() as scratch:
        weights = Path(scratch) / "weights.npz"
        python(TRAIN / "train.py", weights)
        python(TRAIN / "export_onnx.py", weights, MODEL / "fp32/model.onnx")
    python(MODEL / "reference/make.py")


def python(script: Path, *files: Path) -> None:
    """In a process of its own: which of onnx and onnxruntime loads first matters."""
    print(f"— {script.name}", flush=True)
    done = subprocess.run([sys.executable, script, *files], stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:  # otherwise it is a thousand operators registered a second time
        sys.exit(f"{done.stderr}\n{script.name} failed")


make()
