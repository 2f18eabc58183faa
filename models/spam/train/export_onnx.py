"""Writes the fp32 ONNX form, node by node: `export_onnx.py WEIGHTS.npz FP32.onnx`."""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from topology import LABELS, MIXES, UNSEEN, WIDTH

OPSET = 17
IR_VERSION = 8  # the number that ONNX released with opset 17; an older runtime refuses a newer one


def export_onnx(weights: dict[str, np.ndarray], file: Path) -> None:
    constants = {
        "pieces": weights["pieces.weight"],
        **{f"{name}.matrix": weights[f"{name}.weight"].T for name in ("hidden", "scores", "mixed", "logits")},
        **{f"{name}.bias": weights[f"{name}.bias"] for name in ("hidden", "scores", "mixed", "logits")},
        "one": np.float32(1),
        "unseen_by": np.float32(UNSEEN),
        "axis_1": np.array([1]),
        "joined": np.array([0, MIXES * WIDTH]),
    }
    nodes = [
        node("Gather", ["pieces", "input_ids"], "vectors"),  # B,T,32
        *layer("hidden", "vectors", "hidden.sum"),
        node("Tanh", ["hidden.sum"], "hidden"),
        *layer("scores", "hidden", "scores"),  # B,T,4
        node("Cast", ["attention_mask"], "is_piece", to=TensorProto.FLOAT),
        node("Sub", ["is_piece", "one"], "below"),  # 0, or −1 for padding
        node("Mul", ["below", "unseen_by"], "unseen"),
        node("Unsqueeze", ["unseen", "axis_1"], "unseen.row"),  # B,1,T
        node("Transpose", ["scores"], "scores.rows", perm=[0, 2, 1]),  # B,4,T
        node("Add", ["scores.rows", "unseen.row"], "scores.seen"),
        node("Softmax", ["scores.seen"], "shares", axis=2),
        node("MatMul", ["shares", "vectors"], "mixes"),  # B,4,32
        node("Reshape", ["mixes", "joined"], "mixes.joined"),  # B,128
        *layer("mixed", "mixes.joined", "mixed.sum"),
        node("Relu", ["mixed.sum"], "mixed"),
        *layer("logits", "mixed", "logits"),
    ]
    graph = helper.make_graph(
        nodes,
        "spam",
        [of_pieces("input_ids"), of_pieces("attention_mask")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
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


def layer(name: str, value: str, output: str) -> list[onnx.NodeProto]:
    product = f"{name}.product"
    return [
        node("MatMul", [value, f"{name}.matrix"], product),
        node("Add", [product, f"{name}.bias"], output),
    ]


def node(operator: str, inputs: list[str], output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [output], name=output, **attributes)


def of_pieces(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    with np.load(source) as stored:
        export_onnx(dict(stored), target)
