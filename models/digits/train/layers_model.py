"""What the TensorFlow.js form must compute: its files read, dequantised and run by numpy in f64."""

import json
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from topology import BLOCKS


def read_layers_model(folder: Path) -> dict[str, np.ndarray]:
    """Weights by name, f32, as TensorFlow.js decodes them."""
    (group,) = json.loads((folder / "model.json").read_text())["weightsManifest"]
    stored = b"".join((folder / path).read_bytes() for path in group["paths"])
    weights, offset = {}, 0
    for entry in group["weights"]:
        quantization = entry.get("quantization")
        dtype = np.dtype(quantization["dtype"] if quantization else entry["dtype"])
        values = np.frombuffer(stored, dtype, count=int(np.prod(entry["shape"])), offset=offset)
        offset += values.nbytes
        if quantization:
            values = values.astype(np.float64) * quantization["scale"] + quantization["min"]
        weights[entry["name"]] = values.astype(np.float32).reshape(entry["shape"])
    return weights


def run_layers_model(
    weights: dict[str, np.ndarray], pixels: np.ndarray, storage: type = np.float64
) -> np.ndarray:
    """f32 [n,1,28,28] → f32 [n,10].

    Every tensor is rounded to `storage` when a layer is done: float16 is a GPU with half textures.
    """

    def store(values: np.ndarray) -> np.ndarray:
        return values.astype(storage).astype(np.float64)

    x = store(pixels.transpose(0, 2, 3, 1))  # n,H,W,C
    for name in BLOCKS:
        kernel, bias = store(weights[f"{name}/kernel"]), store(weights[f"{name}/bias"])
        x = store(max_pool(store(np.maximum(convolve(x, kernel) + bias, 0))))
    kernel, bias = store(weights["logits/kernel"]), store(weights["logits/bias"])
    return store(x.reshape(len(x), -1) @ kernel + bias).astype(np.float32)


def convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """n,H,W,I with 3,3,I,O → n,H,W,O; one pixel of zeros around."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))  # n,H,W,I,3,3
    return np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))


def max_pool(x: np.ndarray) -> np.ndarray:
    n, height, width, channels = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
