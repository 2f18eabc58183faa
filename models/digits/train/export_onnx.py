"""Writes the fp32 ONNX form, node by node: `export_onnx.py WEIGHTS.npz FP32.onnx`."""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from topology import BLOCKS, CLASSES, SIZE

OPSET = 17
IR_VERSION = 8  # the number that ONNX released with opset 17; an older runtime refuses a newer one


def export_onnx(weights: dict[str, np.ndarray], file: Path) -> None:
    nodes, value = [], "pixel_values"
    for name in BLOCKS:
        convolved, positive, pooled = f"{name}.conv", f"{name}.relu", f"{name}.pool"
        nodes += [
            node("Conv", [value, f"{name}.weight", f"{name}.bias"], convolved, pads=[1, 1, 1, 1]),
            node("Relu", [convolved], positive),
            node("MaxPool", [positive], pooled, kernel_shape=[2, 2], strides=[2, 2]),
        ]
        value = pooled
    nodes += [
        node("Flatten", [value], "features"),
        node("Gemm", ["features", "logits.weight", "logits.bias"], "logits", transB=1),
    ]

    graph = helper.make_graph(
        nodes,
        name="digits",
        inputs=[batch_of("pixel_values", 1, SIZE, SIZE)],
        outputs=[batch_of("logits", CLASSES)],
        initializer=[numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, file)


def node(operator: str, inputs: list[str], output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [output], output, **attributes)


def batch_of(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    export_onnx(dict(np.load(source)), target)
