"""Makes every generated file of the breast-cancer model in some seconds.

    /usr/bin/python3 models/breast-cancer/train/make.py

Requirements, as Debian 13 packages: python3-sklearn python3-onnx python3-onnxruntime python3-numpy.
Run twice on one machine it writes the same bytes.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from data import MALIGNANT, Split, read_split
from network import Network, choose_threshold, train
from report import print_accuracy

MODEL = Path(__file__).resolve().parent.parent
ROOT = MODEL.parent.parent
sys.path += [str(ROOT / "packages/publisher/python"), str(ROOT / "models/digits/train")]
from baseline import baseline  # noqa: E402
from write_json import write_json  # noqa: E402

TOLERANCE = {"fp32": {"abs": 0.001, "rel": 0.0001}}  # sums in another order
GOLDEN_ROWS = 8


def make() -> None:
    split = read_split()
    network = train(split)
    threshold = choose_threshold(split)
    (MODEL / "fp32").mkdir(exist_ok=True)
    export_onnx(network)
    described = spec(split, network, threshold)
    write_json(described, MODEL / "model.json")
    write_golden(split, network)
    write_json(held_out_baseline(described, split, network), MODEL / "baseline.json")
    write_held_out(split)
    print_accuracy(split, network, threshold)


def spec(split: Split, network: Network, threshold: float) -> dict:
    columns = len(split.names)
    return {
        "format": 1,
        "name": "breast-cancer",
        "version": "1.0.0",
        "sequence": 1,
        "task": "tabular-classification",
        "features": [
            {
                "name": name,
                "type": "number",
                "range": [0, ceiling],
                "outside": "clip",
                "default": default,
            }
            for name, ceiling, default in zip(split.names, split.ceilings, split.medians, strict=True)
        ],
        "inputs": [{"name": "row", "datatype": "FP32", "shape": [-1, columns]}],
        "outputs": [{"name": "logit", "datatype": "FP32", "shape": [-1, 1]}],
        "preprocessing": [
            {"step": "defaults"},
            {"step": "one-hot"},
            {"step": "scale", "mean": network.mean.tolist(), "scale": network.scale.tolist()},
        ],
        "postprocessing": [
            {"step": "sigmoid"},
            {
                "step": "decide",
                "threshold": threshold,
                "positive": MALIGNANT,
                "id2label": {"0": "benign", "1": "malignant"},
            },
        ],
        "variants": [
            {
                "name": "fp32",
                "runtime": "onnx",
                "dtype": "fp32",
                "files": ["fp32/model.onnx"],
                "memoryBytes": 16_777_216,
            }
        ],
        "batch": {"axis": 0, "max": 64, "maxDelayMs": 2},
        "limits": {"memoryBytes": 16_777_216},
    }


def write_golden(split: Split, network: Network) -> None:
    """The first case is one row, because it runs whenever a session is created."""
    (MODEL / "golden").mkdir(exist_ok=True)

    def write(name: str, tensor: np.ndarray) -> dict:
        file = f"golden/{name}.bin"
        (MODEL / file).write_bytes(tensor.astype("<f4").tobytes())
        return {"datatype": "FP32", "shape": list(tensor.shape), "file": file}

    rows = network.scaled(split.train_x[:GOLDEN_ROWS])
    cases = []
    for name, some in {"one": rows[:1], "eight": rows}.items():
        logits = run_onnx(some)
        cases.append(
            {
                "name": name,
                "inputs": {"row": write(f"{name}.row", some)},
                "expected": {"fp32": {"logit": write(f"{name}.fp32.logit", logits)}},
            }
        )
        assert np.abs(logits - network.logits_of_scaled(some)).max() < 1e-4
    write_json({"format": 1, "cases": cases, "tolerance": TOLERANCE}, MODEL / "golden.json")


def export_onnx(network: Network) -> None:
    with TemporaryDirectory() as scratch:
        weights = Path(scratch) / "weights.npz"
        np.savez(weights, **network.weights)
        step("export.py", weights, MODEL / "fp32" / "model.onnx")


def step(script: str, *paths: Path) -> None:
    command = [sys.executable, Path(__file__).with_name(script), *paths]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:  # otherwise it is a thousand operators registered a second time
        sys.exit(f"{done.stderr}\n{script} failed")


def run_onnx(rows: np.ndarray) -> np.ndarray:
    with TemporaryDirectory() as scratch:
        given, answered = Path(scratch) / "rows.npy", Path(scratch) / "logits.npy"
        np.save(given, rows)
        step("run_onnx.py", MODEL / "fp32" / "model.onnx", given, answered)
        return np.load(answered)


def held_out_baseline(described: dict, split: Split, network: Network) -> dict:
    logits = network.logits_of_scaled(network.scaled(split.test_x))
    names = [described["postprocessing"][-1]["id2label"][str(label)] for label in split.test_y]
    columns = zip(split.names, split.test_x.T, strict=True)
    seen = {f"feature:{name}": column.tolist() for name, column in columns}
    return baseline(described, logits, names, seen)


def write_held_out(split: Split) -> None:
    """For everybody who measures: the rows as they are in the data set, and what they are."""
    rows = [
        {"index": int(index), "label": "malignant" if label else "benign", "values": values.tolist()}
        for index, label, values in zip(split.test_index, split.test_y, split.test_x, strict=True)
    ]
    lines = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    text = f'{{\n  "names": {json.dumps(split.names)},\n  "rows": [\n{lines}\n  ]\n}}\n'
    (MODEL / "held-out.json").write_text(text)


if __name__ == "__main__":
    make()
