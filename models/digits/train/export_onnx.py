"""Writes the fp32 ONNX form: the same nine nodes whatever version of PyTorch trained the weights."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper

from topology import BLOCKS, CLASSES, SIZE

OPSET = 17
IR_VERSION = 8  # the one of opset 17's ONNX release; older runtimes refuse newer numbers


def export_onnx(weights: dict, file: Path) -> None:
    nodes, value = [], "pixel_values"
    for name in BLOCKS:
        nodes += [
            helper.make_node("Conv", [value, f"{name}.weight", f"{name}.bias"], [f"{name}.sum"], name, pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"{name}.sum"], [f"{name}.relu"], f"{name}.relu"),
            helper.make_node("MaxPool", [f"{name}.relu"], [f"{name}.pool"], f"{name}.pool", kernel_shape=[2, 2], strides=[2, 2]),
        ]
        value = f"{name}.pool"
    nodes += [
        helper.make_node("Flatten", [value], ["features"], "features", axis=1),
        helper.make_node("Gemm", ["features", "logits.weight", "logits.bias"], ["logits"], "logits", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, file)
