"""Computes a TensorFlow.js layers model by numpy in f64: an answer that TensorFlow.js had no part in."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Weights = dict[str, np.ndarray]


def open_layers(topology_file: Path) -> Callable[[dict], dict]:
    document = json.loads(topology_file.read_text(encoding="utf-8"))
    topology = document["modelTopology"]
    config = topology.get("model_config", topology)["config"]
    layers = config if isinstance(config, list) else config["layers"]
    weights = read_weights(topology_file.parent, document["weightsManifest"])
    chained = isinstance(config, list) or "output_layers" not in config
    return lambda inputs: run_layers(layers, weights, inputs, None if chained else config)


def read_weights(folder: Path, manifest: list[dict]) -> Weights:
    """By name, f64, as TensorFlow.js decodes them: rounded to f32."""
    weights = {}
    for group in manifest:
        stored, offset = b"".join((folder / path).read_bytes() for path in group["paths"]), 0
        for entry in group["weights"]:
            quantization = entry.get("quantization")
            dtype = np.dtype(quantization["dtype"] if quantization else entry["dtype"])
            values = np.frombuffer(stored, dtype, int(np.prod(entry["shape"])), offset)
            offset += values.nbytes
            if quantization and "scale" in quantization:
                values = values.astype(np.float64) * quantization["scale"] + quantization["min"]
            values = values.astype(np.float32).astype(np.float64)
            weights[entry["name"]] = values.reshape(entry["shape"])
    return weights


def run_layers(layers: list[dict], weights: Weights, inputs: dict, config: dict | None) -> dict:
    """`config` of a functional model; None of a sequential one, whose only output is its last layer."""
    values: dict[str, np.ndarray] = {}
    previous = [value.astype(np.float64) for value in inputs.values()]
    for layer in layers:
        kind, layer_config = layer["class_name"], layer["config"]
        name = layer.get("name", layer_config["name"])
        if kind == "InputLayer":
            values[name] = inputs[name].astype(np.float64) if config else previous[0]
            continue
        if kind not in LAYERS:
            sys.exit(f"layers.py has no layer {kind}, which '{name}' is; see the head of golden.py")
        sources = [values[node[0]] for node in layer["inbound_nodes"][0]] if config else previous
        own = {key.rsplit("/", 1)[1]: w for key, w in weights.items() if owner(key) == name}
        computed = LAYERS[kind](sources, layer_config, own)
        activation = layer_config.get("activation", "linear")
        if activation not in ACTIVATIONS:
            sys.exit(f"layers.py has no activation {activation} of '{name}'; see the head of golden.py")
        values[name] = ACTIVATIONS[activation](computed)
        previous = [values[name]]
    outputs = [node[0] for node in config["output_layers"]] if config else [name]
    return {output: values[output].astype(np.float32) for output in outputs}


def owner(weight: str) -> str:
    """`sequential/dense/kernel` and `dense/kernel` belong to `dense`."""
    return weight.split("/")[-2] if "/" in weight else ""


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softmax": softmax,
}


def pair(value: int | list) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def windows(x: np.ndarray, size: tuple, config: dict, fill: float) -> np.ndarray:
    """n,H,W,C → n,H',W',C,h,w, padded as TensorFlow pads "same": the odd pixel at the end."""
    if config.get("data_format", "channels_last") != "channels_last":
        sys.exit("layers.py computes channels_last only; see the head of golden.py")
    if pair(config.get("dilation_rate", 1)) != (1, 1):
        sys.exit("layers.py computes no dilation; see the head of golden.py")
    strides = pair(config.get("strides") or size)
    if config.get("padding", "valid") == "same":
        pads = [
            max((-(-length // stride) - 1) * stride + window - length, 0)
            for length, stride, window in zip(x.shape[1:3], strides, size, strict=True)
        ]
        around = [(0, 0), *((pad // 2, pad - pad // 2) for pad in pads), (0, 0)]
        x = np.pad(x, around, constant_values=fill)
    return sliding_window_view(x, size, axis=(1, 2))[:, :: strides[0], :: strides[1]]


def add_bias(x: np.ndarray, w: Weights) -> np.ndarray:
    return x + w["bias"] if "bias" in w else x


def conv2d(sources: list, config: dict, w: Weights) -> np.ndarray:
    config = {"strides": 1, **config}
    patches = windows(sources[0], w["kernel"].shape[:2], config, 0)
    return add_bias(np.tensordot(patches, w["kernel"], axes=((4, 5, 3), (0, 1, 2))), w)


def depthwise_conv2d(sources: list, config: dict, w: Weights) -> np.ndarray:
    kernel = w["depthwise_kernel"]  # h,w,C,multiplier
    patches = windows(sources[0], kernel.shape[:2], {"strides": 1, **config}, 0)
    product = np.einsum("nyxchw,hwcm->nyxcm", patches, kernel)
    return add_bias(product.reshape(*product.shape[:3], -1), w)


def max_pool(sources: list, config: dict, _w: Weights) -> np.ndarray:
    return windows(sources[0], pair(config["pool_size"]), config, -np.inf).max(axis=(4, 5))


def average_pool(sources: list, config: dict, _w: Weights) -> np.ndarray:
    return np.nanmean(windows(sources[0], pair(config["pool_size"]), config, np.nan), axis=(4, 5))


def batch_normalization(sources: list, config: dict, w: Weights) -> np.ndarray:
    normal = (sources[0] - w["moving_mean"]) / np.sqrt(w["moving_variance"] + config["epsilon"])
    return normal * w.get("gamma", 1) + w.get("beta", 0)


def relu(sources: list, config: dict, _w: Weights) -> np.ndarray:
    slope, top = config.get("negative_slope") or 0, config.get("max_value") or np.inf
    return np.minimum(np.where(sources[0] < 0, slope * sources[0], sources[0]), top)


def zero_padding(sources: list, config: dict, _w: Weights) -> np.ndarray:
    rows, columns = config["padding"] if isinstance(config["padding"], list) else [config["padding"]] * 2
    return np.pad(sources[0], [(0, 0), pair(rows), pair(columns), (0, 0)])


LAYERS = {
    "Activation": lambda s, c, w: s[0],
    "Add": lambda s, c, w: sum(s[1:], s[0]),
    "AveragePooling2D": average_pool,
    "BatchNormalization": batch_normalization,
    "Concatenate": lambda s, c, w: np.concatenate(s, axis=c.get("axis", -1)),
    "Conv2D": conv2d,
    "Dense": lambda s, c, w: add_bias(s[0] @ w["kernel"], w),
    "DepthwiseConv2D": depthwise_conv2d,
    "Dropout": lambda s, c, w: s[0],
    "Flatten": lambda s, c, w: s[0].reshape(len(s[0]), -1),
    "GlobalAveragePooling2D": lambda s, c, w: s[0].mean(axis=(1, 2)),
    "GlobalMaxPooling2D": lambda s, c, w: s[0].max(axis=(1, 2)),
    "MaxPooling2D": max_pool,
    "Multiply": lambda s, c, w: np.prod(np.stack(np.broadcast_arrays(*s)), axis=0),
    "Permute": lambda s, c, w: s[0].transpose(0, *c["dims"]),
    "ReLU": relu,
    "Reshape": lambda s, c, w: s[0].reshape(len(s[0]), *c["target_shape"]),
    "Softmax": lambda s, c, w: softmax(s[0]),
    "ZeroPadding2D": zero_padding,
}
