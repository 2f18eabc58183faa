"""Writes the TensorFlow.js form: `export_tfjs.py WEIGHTS.npz TFJS_DIR`.

A layers model, made with numpy alone. TensorFlow.js computes channels last, so the first layer
permutes the image and every kernel is reordered to match. Kernels are stored as bytes
(value = byte · scale + min, one pair per kernel); the few biases stay floats.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from topology import BLOCKS, CLASSES, FEATURES, SIZE


def export_tfjs(weights: dict[str, np.ndarray], folder: Path) -> None:
    manifest, stored = [], []
    for name, array in channels_last(weights).items():
        entry = {"name": name, "shape": list(array.shape), "dtype": "float32"}
        if name.endswith("/kernel"):
            array, entry["quantization"] = to_bytes(array)
        manifest.append(entry)
        stored.append(array.tobytes())

    model = {
        "format": "layers-model",
        "modelTopology": {
            "keras_version": "2.15.0",
            "backend": "tensorflow",
            "model_config": {"class_name": "Model", "config": topology()},
        },
        "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(model, separators=(",", ":")))
    (folder / "weights.bin").write_bytes(b"".join(stored))


def channels_last(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    arrays = {}
    for name in BLOCKS:
        kernel = weights[f"{name}.weight"]  # O,I,H,W
        arrays[f"{name}/kernel"] = kernel.transpose(2, 3, 1, 0)  # H,W,I,O
        arrays[f"{name}/bias"] = weights[f"{name}.bias"]
    dense = weights["logits.weight"].reshape(CLASSES, *FEATURES)  # O,C,H,W
    arrays["logits/kernel"] = dense.transpose(2, 3, 1, 0).reshape(-1, CLASSES)  # HWC,O
    arrays["logits/bias"] = weights["logits.bias"]
    return arrays


def to_bytes(kernel: np.ndarray) -> tuple[np.ndarray, dict]:
    low, high = float(kernel.min()), float(kernel.max())
    scale = (high - low) / 255
    stored = np.round((kernel.astype(np.float64) - low) / scale).astype(np.uint8)
    return stored, {"dtype": "uint8", "scale": scale, "min": low, "original_dtype": "float32"}


def topology() -> dict:
    """In Keras's words, a chain of layers: the first names the input, the last the output."""
    chain = [
        layer("InputLayer", "pixel_values", batch_input_shape=[None, 1, SIZE, SIZE]),
        layer("Permute", "channels_last", dims=[2, 3, 1]),
    ]
    for name, (_, filters) in BLOCKS.items():
        conv = {"filters": filters, "kernel_size": 3, "padding": "same", "activation": "relu"}
        chain += [
            layer("Conv2D", name, **conv),
            layer("MaxPooling2D", f"{name}_pool", pool_size=2, padding="valid"),
        ]
    chain += [layer("Flatten", "features"), layer("Dense", "logits", units=CLASSES)]
    for before, after in pairwise(chain):
        after["inbound_nodes"] = [[[before["name"], 0, 0, {}]]]
    return {
        "name": "digits",
        "layers": chain,
        "input_layers": [["pixel_values", 0, 0]],
        "output_layers": [["logits", 0, 0]],
    }


def layer(class_name: str, name: str, **config: object) -> dict:
    config = {"name": name, **config}
    return {"class_name": class_name, "name": name, "config": config, "inbound_nodes": []}


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    export_tfjs(dict(np.load(source)), target)
