"""Writes the network as ONNX, node by node: `export.py WEIGHTS.npz MODEL.onnx`."""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8  # the number that ONNX released with opset 17; an older runtime refuses a newer one


def export_onnx(weights: dict[str, np.ndarray], file: Path) -> None:
    names = list(weights)
    columns = weights["hidden.weight"].shape[0]
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["row", *names[:2]], ["hidden"], "hidden"),
            helper.make_node("Relu", ["hidden"], ["positive"], "positive"),
            helper.make_node("Gemm", ["positive", *names[2:]], ["logit"], "logit"),
        ],
        name="breast-cancer",
        inputs=[helper.make_tensor_value_info("row", TensorProto.FLOAT, ["batch", columns])],
        outputs=[helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["batch", 1])],
        initializer=[numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, file)


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    export_onnx(dict(np.load(source)), target)
