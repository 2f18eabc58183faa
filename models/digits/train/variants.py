"""Opens the written forms of the model, each as a function from pixels to logits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from layers_model import read_layers_model, run_layers_model

Run = Callable[[np.ndarray], np.ndarray]  # f32 [n,1,28,28] → f32 [n,10]


def open_variants(folder: Path) -> dict[str, Run]:
    return {
        "int8": open_onnx(folder / "int8" / "model.onnx"),
        "fp32": open_onnx(folder / "fp32" / "model.onnx"),
        "uint8": open_layers(folder / "tfjs"),
    }


def open_onnx(file: Path, level: str = "ORT_ENABLE_ALL") -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(["logits"], {"pixel_values": pixels})[0]


def open_layers(folder: Path, storage: type = np.float64) -> Run:
    weights = read_layers_model(folder)
    return lambda pixels: run_layers_model(weights, pixels, storage)
