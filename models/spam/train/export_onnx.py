"""Writes the fp32 ONNX form, node by node: `export_onnx.py WEIGHTS.npz FP32.onnx`."""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8  # the number that ONNX released with opset 17; an older runtime refuses a newer one


def export_onnx(weights: dict[str, np.ndarray], file: Path) -> None:
    constants = {
        "pieces": weights["pieces"][:, np.newaxis],
        "bias": weights["bias"],
        "one": np.float32(1),
        "axis_1": np.array([1]),
        "axis_2": np.array([2]),
        "halves": np.array([[-0.5, 0.5]], np.float32),
    }
    nodes = [
        node("Cast", ["attention_mask"], "is_piece", to=TensorProto.FLOAT),
        node("Unsqueeze", ["is_piece", "axis_2"], "is_piece.column"),  # B,T,1
        *counts(),
        # Each of a text's pieces has its share of what is counted once, and padding has none.
        node("Sub", ["one", "is_piece.column"], "is_padding"),
        node("Add", ["counts", "is_padding"], "counts.least"),
        node("Div", ["is_piece.column", "counts.least"], "shares"),  # B,T,1
        node("ReduceSum", ["shares", "axis_1"], "number", keepdims=0),  # B,1
        node("Clip", ["number", "one"], "number.least"),
        node("Sqrt", ["number.least"], "root"),
        node("Gather", ["pieces", "input_ids"], "weights"),  # B,T,1
        node("Mul", ["weights", "shares"], "weights.shared"),
        node("ReduceSum", ["weights.shared", "axis_1"], "sum", keepdims=0),  # B,1
        node("Div", ["sum", "root"], "sum.by_root"),
        node("Add", ["sum.by_root", "bias"], "score"),
        node("MatMul", ["score", "halves"], "logits"),  # B,2
    ]
    graph = helper.make_graph(
        nodes,
        "spam",
        [of_pieces("input_ids"), of_pieces("attention_mask")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="nearside",
    )
    onnx.checker.check_model(model, full_check=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.SerializeToString(deterministic=True))


def counts() -> list[onnx.NodeProto]:
    """How often each piece is in its text. 1 − (a − b)², if that is positive, is whether two whole numbers are the same."""
    return [
        node("Cast", ["input_ids"], "numbers", to=TensorProto.FLOAT),
        node("Unsqueeze", ["numbers", "axis_1"], "numbers.row"),
        node("Unsqueeze", ["numbers", "axis_2"], "numbers.column"),
        node("Sub", ["numbers.column", "numbers.row"], "apart"),  # B,T,T
        node("Mul", ["apart", "apart"], "apart.squared"),
        node("Sub", ["one", "apart.squared"], "near"),
        node("Relu", ["near"], "same"),
        node("MatMul", ["same", "is_piece.column"], "counts"),  # B,T,1
    ]


def node(operator: str, inputs: list[str], output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [output], name=output, **attributes)


def of_pieces(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    with np.load(source) as stored:
        export_onnx(dict(stored), target)
