"""Writes small ONNX models of the operators that common models use, and how to draw their inputs.

python3 operators.py <folder>   (numpy and onnx; Debian: python3-numpy python3-onnx)

Each model has one operator, or one pattern that ONNX Runtime fuses. Several forms of one operator are in one
model, one after another or side by side. `models.json` in the folder has a line per model.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

NAMES = {
    T.FLOAT: "FP32",
    T.FLOAT16: "FP16",
    T.DOUBLE: "FP64",
    T.INT64: "INT64",
    T.INT32: "INT32",
    T.INT8: "INT8",
    T.UINT8: "UINT8",
    T.BOOL: "BOOL",
    T.STRING: "BYTES",
}
random = np.random.default_rng(7)


class Model:
    """A graph that is put together node by node."""

    def __init__(self, name, group, opset=17):
        self.name, self.group, self.opset = name, group, opset
        self.nodes, self.inputs, self.outputs, self.constants = [], [], [], []
        self.drawn = {}

    def input(self, name, datatype, axes, values=None):
        """An axis with several sizes takes one of them in each run."""
        shape = [f"{name}{i}" if isinstance(axis, list) else axis for i, axis in enumerate(axes)]
        self.inputs.append(helper.make_tensor_value_info(name, datatype, shape))
        self.drawn[name] = [NAMES[datatype], axes] + ([values] if values else [])
        return name

    def constant(self, values, datatype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=datatype), name))
        return name

    def weight(self, *shape, datatype=np.float32):
        if np.issubdtype(datatype, np.floating):
            return self.constant(random.normal(0, 0.2, shape), datatype)
        info = np.iinfo(datatype)
        return self.constant(random.integers(info.min // 2, info.max // 2, shape), datatype)

    def node(self, kind, *inputs, outputs=1, domain="", **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def output(self, name, datatype=T.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, datatype, None))

    def proto(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.constants)
        opsets = [helper.make_opsetid("", self.opset)]
        for domain, version in (("ai.onnx.ml", 3), ("com.microsoft", 1)):
            if any(node.domain == domain for node in self.nodes):
                opsets.append(helper.make_opsetid(domain, version))
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


MODELS = []


def model(name, group, opset=17):
    made = Model(name, group, opset)
    MODELS.append(made)
    return made


def vision():
    m = model("conv-net", "vision")
    x = m.input("x", T.FLOAT, [[1, 2], 3, [16, 24, 33], [16, 32]])
    y = m.node("Conv", x, m.weight(16, 3, 3, 3), m.weight(16), pads=[1, 1, 1, 1], strides=[2, 2])
    scale, bias = m.weight(16), m.weight(16)
    mean, variance = m.weight(16), m.constant(random.random(16) + 0.5)
    y = m.node("Relu", m.node("BatchNormalization", y, scale, bias, mean, variance))
    y = m.node("Conv", y, m.weight(16, 1, 3, 3), m.weight(16), group=16, pads=[1, 1, 1, 1])
    y = m.node("Clip", y, m.constant(0), m.constant(6))
    y = m.node("Conv", y, m.weight(24, 16, 1, 1))
    z = m.node("Sigmoid", y)
    y = m.node("Mul", y, z)
    y = m.node("Conv", y, m.weight(24, 12, 3, 3), m.weight(24), group=2, pads=[2, 2, 2, 2], dilations=[2, 2])
    y = m.node("LeakyRelu", y, alpha=0.1)
    y = m.node("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    y = m.node("Conv", y, m.weight(24, 24, 1, 1), m.weight(24))
    y = m.node("HardSwish", y)
    y = m.node("GlobalAveragePool", y)
    y = m.node("Flatten", y)
    m.output(m.node("Softmax", m.node("Gemm", y, m.weight(10, 24), m.weight(10), transB=1)))

    m = model("decoder", "vision")
    x = m.input("x", T.FLOAT, [1, 8, [6, 9], [8, 10]])
    none = ""
    y = m.node("Resize", x, none, m.constant([1, 1, 2, 2]), mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric")
    y = m.node("Resize", y, none, m.constant([1, 1, 1.5, 1.5]), mode="linear",
               coordinate_transformation_mode="half_pixel")
    y = m.node("Resize", y, none, none, m.constant([1, 8, 32, 32], np.int64), mode="linear",
               coordinate_transformation_mode="align_corners")
    y = m.node("ConvTranspose", y, m.weight(8, 4, 2, 2), m.weight(4), strides=[2, 2])
    y = m.node("InstanceNormalization", y, m.weight(4), m.weight(4))
    y = m.node("Pad", y, m.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64), mode="reflect")
    y = m.node("PRelu", y, m.weight(4, 1, 1))
    y = m.node("AveragePool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = m.node("DepthToSpace", y, blocksize=2, mode="CRD")
    m.output(y)
    m.output(m.node("GlobalMaxPool", x))
    m.output(m.node("SpaceToDepth", m.node("Pad", x, m.constant([0, 0, 0, 0, 0, 0, 3, 2], np.int64)), blocksize=1))

    m = model("detector", "vision")
    boxes = m.input("boxes", T.FLOAT, [1, 20, 4])
    scores = m.input("scores", T.FLOAT, [1, 2, 20])
    chosen = m.node("NonMaxSuppression", boxes, scores, m.constant([5], np.int64), m.constant([0.5]), m.constant([0.1]))
    m.output(chosen, T.INT64)
    best, at = m.node("TopK", scores, m.constant([5], np.int64), outputs=2)
    m.output(best)
    m.output(at, T.INT64)
    m.output(m.node("GatherElements", scores, at, axis=2))
    m.output(m.node("ArgMax", scores, axis=1), T.INT64)
    m.output(m.node("Exp", boxes))
    m.output(m.node("Greater", boxes, m.constant(0.5)), T.BOOL)
    m.output(m.node("NonZero", scores), T.INT64)
    m.output(m.node("ReduceMax", scores, axes=[1], keepdims=0))


def quantised():
    def quantise(m, x, scale=0.05, zero=128, datatype=np.uint8):
        return m.node("QuantizeLinear", x, m.constant(scale), m.constant(zero, datatype))

    def restore(m, x, scale=0.05, zero=128, datatype=np.uint8, axis=1):
        return m.node("DequantizeLinear", x, m.constant(scale), m.constant(zero, datatype), axis=axis)

    for datatype, zero in ((np.uint8, 128), (np.int8, 0)):
        m = model(f"qdq-{np.dtype(datatype).name}", "quantised")

        def around(x):
            return restore(m, quantise(m, x, 0.05, zero, datatype), 0.05, zero, datatype)

        x = m.input("x", T.FLOAT, [[1, 2], 8, [12, 16], 16])
        weight = restore(m, m.weight(16, 8, 3, 3, datatype=np.int8), np.full(16, 0.01), np.zeros(16), np.int8, 0)
        y = around(m.node("Relu", m.node("Conv", around(x), weight, m.weight(16), pads=[1, 1, 1, 1])))
        depthwise = restore(m, m.weight(16, 1, 3, 3, datatype=np.int8), np.full(16, 0.01), np.zeros(16), np.int8, 0)
        y = around(m.node("Conv", y, depthwise, m.weight(16), group=16, pads=[1, 1, 1, 1]))
        y = around(m.node("Add", y, y))
        y = around(m.node("Mul", y, around(m.node("Sigmoid", y))))
        y = around(m.node("Concat", y, y, axis=1))
        y = around(m.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2]))
        y = around(m.node("AveragePool", y, kernel_shape=[2, 2], strides=[2, 2]))
        y = around(m.node("GlobalAveragePool", y))
        y = m.node("Flatten", y)
        dense = restore(m, m.weight(32, 10, datatype=np.int8), 0.01, 0, np.int8)
        y = around(m.node("MatMul", y, dense))
        dense = restore(m, m.weight(10, 10, datatype=np.int8), 0.01, 0, np.int8)
        y = around(m.node("Gemm", y, dense, m.weight(10)))
        y = around(m.node("LeakyRelu", y))
        y = around(m.node("Softmax", y))
        m.output(m.node("Transpose", y))

    m = model("dynamic-int8", "quantised")
    x = m.input("x", T.FLOAT, [[1, 3, 8], 32])
    for zero in (np.uint8, np.int8):
        codes, scale, point = m.node("DynamicQuantizeLinear", x, outputs=3)
        y = m.node("MatMulInteger", codes, m.weight(32, 16, datatype=zero), point, m.constant(0, zero))
        y = m.node("Mul", m.node("Cast", y, to=T.FLOAT), m.node("Mul", scale, m.constant(0.01)))
        m.output(m.node("Add", y, m.weight(16)))
    image = m.input("image", T.FLOAT, [1, 4, 8, 8])
    codes, scale, point = m.node("DynamicQuantizeLinear", image, outputs=3)
    y = m.node("ConvInteger", codes, m.weight(8, 4, 3, 3, datatype=np.uint8), point, m.constant(0, np.uint8))
    m.output(m.node("Mul", m.node("Cast", y, to=T.FLOAT), m.node("Mul", scale, m.constant(0.01))))

    m = model("qlinear", "quantised")
    x = m.input("x", T.FLOAT, [1, 4, 8, 8])
    codes = quantise(m, x)
    scale, zero = m.constant(0.05), m.constant(128, np.uint8)
    small, none = m.constant(0.01), m.constant(0, np.int8)
    y = m.node("QLinearConv", codes, scale, zero, m.weight(8, 4, 3, 3, datatype=np.int8), small, none, scale, zero)
    y = m.node("QLinearAdd", y, scale, zero, y, scale, zero, scale, zero, domain="com.microsoft")
    m.output(restore(m, y))
    rows = quantise(m, m.input("rows", T.FLOAT, [[1, 4], 16]))
    y = m.node("QLinearMatMul", rows, scale, zero, m.weight(16, 8, datatype=np.int8), small, none, scale, zero)
    m.output(restore(m, y))


def text():
    m = model("transformer", "text")
    ids = m.input("ids", T.INT64, [[1, 2], [4, 7, 12]], [0, 50, True])
    mask = m.input("mask", T.INT64, [1, 1], [1, 2, True])
    x = m.node("Gather", m.weight(50, 32), ids)
    shape = m.node("Shape", ids)
    length = m.node("Gather", shape, m.constant(1, np.int64))
    positions = m.node("Range", m.constant(0, np.int64), length, m.constant(1, np.int64))
    x = m.node("Add", x, m.node("Gather", m.weight(16, 32), positions))

    def split(y):
        batch = m.node("Unsqueeze", m.node("Gather", shape, m.constant(0, np.int64)), m.constant([0], np.int64))
        along = m.node("Unsqueeze", length, m.constant([0], np.int64))
        to = m.node("Concat", batch, along, m.constant([4, 8], np.int64), axis=0)
        return m.node("Transpose", m.node("Reshape", y, to), perm=[0, 2, 1, 3])

    def dense(y, wide, out):
        return m.node("Add", m.node("MatMul", y, m.weight(wide, out)), m.weight(out))

    def normalise(y, with_operator):
        if with_operator:
            return m.node("LayerNormalization", y, m.weight(32), m.weight(32), axis=-1, epsilon=1e-5)
        less = m.node("Sub", y, m.node("ReduceMean", y, axes=[-1]))
        spread = m.node("ReduceMean", m.node("Pow", less, m.constant(2)), axes=[-1])
        spread = m.node("Sqrt", m.node("Add", spread, m.constant(1e-5)))
        return m.node("Add", m.node("Mul", m.node("Div", less, spread), m.weight(32)), m.weight(32))

    for layer in range(2):
        query, key, value = (split(dense(x, 32, 32)) for _ in range(3))
        scores = m.node("MatMul", query, m.node("Transpose", key, perm=[0, 1, 3, 2]))
        scores = m.node("Div", scores, m.constant(np.sqrt(8)))
        bias = m.node("Sub", m.constant(1), m.node("Cast", mask, to=T.FLOAT))
        bias = m.node("Mul", m.node("Unsqueeze", bias, m.constant([1, 2], np.int64)), m.constant(-10000))
        scores = m.node("Softmax", m.node("Add", scores, bias), axis=-1)
        y = m.node("Transpose", m.node("MatMul", scores, value), perm=[0, 2, 1, 3])
        y = dense(m.node("Reshape", y, m.constant([0, 0, 32], np.int64)), 32, 32)
        x = normalise(m.node("Add", x, y), layer == 0)
        y = dense(x, 32, 64)
        if layer == 0:
            inner = m.node("Add", m.node("Erf", m.node("Div", y, m.constant(np.sqrt(2)))), m.constant(1))
            y = m.node("Mul", m.node("Mul", y, inner), m.constant(0.5))
        else:
            cube = m.node("Mul", m.constant(0.044715), m.node("Pow", y, m.constant(3)))
            inner = m.node("Tanh", m.node("Mul", m.constant(np.sqrt(2 / np.pi)), m.node("Add", y, cube)))
            y = m.node("Mul", m.node("Mul", y, m.node("Add", inner, m.constant(1))), m.constant(0.5))
        x = normalise(m.node("Add", x, dense(y, 64, 32)), layer == 0)
    m.output(x)
    weights = m.node("Expand", m.node("Unsqueeze", m.node("Cast", mask, to=T.FLOAT), m.constant([2], np.int64)), m.node("Shape", x))
    mean = m.node("Div", m.node("ReduceSum", m.node("Mul", x, weights), m.constant([1], np.int64), keepdims=0),
                  m.node("Clip", m.node("ReduceSum", weights, m.constant([1], np.int64), keepdims=0), m.constant(1e-9)))
    m.output(m.node("Div", mean, m.node("ReduceL2", mean, axes=[-1])))

    m = model("fused-by-others", "text")
    x = m.input("x", T.FLOAT, [[1, 2], [3, 6], 32])
    y = m.node("SkipLayerNormalization", x, x, m.weight(32), m.weight(32), m.weight(32), domain="com.microsoft")
    y = m.node("BiasGelu", y, m.weight(32), domain="com.microsoft")
    y = m.node("Gelu", y, domain="com.microsoft")
    y = m.node("FastGelu", y, m.weight(32), domain="com.microsoft")
    y = m.node("FusedMatMul", y, m.weight(32, 32), alpha=0.5, domain="com.microsoft")
    y = m.node("Attention", y, m.weight(32, 96), m.weight(96), num_heads=4, domain="com.microsoft")
    y = m.node("QuickGelu", y, domain="com.microsoft")
    m.output(m.node("SimplifiedLayerNormalization", y, m.weight(32), axis=-1))

    m = model("four-bits", "text")
    x = m.input("x", T.FLOAT, [[1, 4], 64])
    for level in (0, 4):
        packed = m.constant(random.integers(0, 256, (16, 2, 16)), np.uint8)
        m.output(m.node("MatMulNBits", x, packed, m.constant(random.random(32) / 10), domain="com.microsoft",
                        K=64, N=16, bits=4, block_size=32, accuracy_level=level))

    m = model("bags-of-words", "text")
    ids = m.input("ids", T.INT64, [[1, 2], [3, 9]], [0, 40, True])
    x = m.node("ReduceMean", m.node("Gather", m.weight(40, 8), ids), axes=[1], keepdims=0)
    m.output(m.node("LogSoftmax", m.node("MatMul", x, m.weight(8, 3))))
    m.output(m.node("OneHot", ids, m.constant(40, np.int64), m.constant([0, 1])))
    m.output(m.node("CumSum", ids, m.constant(1, np.int64)), T.INT64)
    m.output(m.node("Equal", ids, m.constant(0, np.int64)), T.BOOL)

    m = model("generation", "text")
    x = m.input("x", T.FLOAT, [1, [2, 5], 16])
    past = m.input("past", T.FLOAT, [1, [3, 4], 16])
    whole = m.node("Concat", past, x, axis=1)
    m.output(m.node("Trilu", m.node("MatMul", whole, m.node("Transpose", whole, perm=[0, 2, 1])), upper=0))
    m.output(m.node("ScatterND", whole, m.constant([[[0, 1]]], np.int64), m.weight(1, 1, 16)))
    m.output(m.node("ScatterElements", whole, m.constant([[[0, 1]]], np.int64), m.weight(1, 1, 2), axis=2))
    m.output(m.node("GatherND", whole, m.constant([[0, 1]], np.int64)))
    m.output(m.node("Where", m.node("Less", whole, m.constant(0)), m.constant(-1), whole))
    m.output(m.node("Tile", x, m.constant([1, 2, 1], np.int64)))
    for part in m.node("Split", x, outputs=2, axis=2):
        m.output(part)
    m.output(m.node("Cos", x))
    m.output(m.node("Sin", x))
    m.output(m.node("ReduceProd", x, axes=[1]))
    m.output(m.node("Not", m.node("IsNaN", x)), T.BOOL)


    m = model("einsum", "text")
    x = m.input("x", T.FLOAT, [1, [2, 5], 16])
    m.output(m.node("Einsum", x, m.weight(16, 4), equation="bij,jk->bik"))


def audio():
    m = model("recurrent", "audio")
    x = m.input("x", T.FLOAT, [[3, 6], [1, 2], 8])
    for kind, gates in (("LSTM", 4), ("GRU", 3)):
        for direction, count in (("forward", 1), ("bidirectional", 2)):
            weights = (m.weight(count, gates * 8, 8), m.weight(count, gates * 8, 8), m.weight(count, gates * 16))
            y = m.node(kind, x, *weights, outputs=2, hidden_size=8, direction=direction)
            m.output(y[0])
            m.output(y[1])
    weights = (m.weight(1, 24, 8), m.weight(1, 24, 8), m.weight(1, 48))
    m.output(m.node("GRU", x, *weights, outputs=1, hidden_size=8, linear_before_reset=1))

    m = model("sound-net", "audio")
    x = m.input("x", T.FLOAT, [[1, 2], 1, [64, 100]])
    y = m.node("Conv", x, m.weight(8, 1, 5), m.weight(8), strides=[2], pads=[2, 2])
    y = m.node("Elu", y)
    y = m.node("Conv", y, m.weight(8, 8, 3), m.weight(8), pads=[2, 2], dilations=[2])
    y = m.node("Tanh", y)
    y = m.node("MaxPool", y, kernel_shape=[2], strides=[2])
    y = m.node("AveragePool", y, kernel_shape=[2], strides=[2])
    m.output(m.node("ConvTranspose", y, m.weight(8, 4, 4), strides=[2]))
    m.output(m.node("Log", m.node("Add", m.node("Abs", y), m.constant(1e-6))))
    m.output(m.node("ReduceMean", y, axes=[2]))
    m.output(m.node("Softplus", y))
    m.output(m.node("Selu", y))
    m.output(m.node("HardSigmoid", y))
    m.output(m.node("Mish", y) if m.opset >= 18 else m.node("Softsign", y))

    m = model("spectrum", "audio")
    x = m.input("x", T.FLOAT, [1, [256, 400], 1])
    m.output(m.node("STFT", x, m.constant(64, np.int64), m.node("HannWindow", m.constant(64, np.int64))))
    m.output(m.node("DFT", m.node("Slice", x, m.constant([0], np.int64), m.constant([128], np.int64), m.constant([1], np.int64)), axis=1))


def tabular():
    m = model("trees", "tabular")
    x = m.input("x", T.FLOAT, [[1, 4, 40], 4])
    tree = dict(
        nodes_treeids=[0, 0, 0, 1, 1, 1], nodes_nodeids=[0, 1, 2, 0, 1, 2], nodes_featureids=[0, 0, 0, 1, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"] * 2, nodes_values=[0.5, 0.0, 0.0, 0.2, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0, 1, 0, 0], nodes_falsenodeids=[2, 0, 0, 2, 0, 0],
        nodes_hitrates=[1.0] * 6, nodes_missing_value_tracks_true=[0] * 6,
    )
    labels, scores = m.node("TreeEnsembleClassifier", x, domain="ai.onnx.ml", outputs=2, **tree,
                            class_treeids=[0, 0, 1, 1], class_nodeids=[1, 2, 1, 2], class_ids=[0, 1, 0, 1],
                            class_weights=[0.9, 0.4, 0.3, 0.6], classlabels_int64s=[0, 1], post_transform="NONE")
    m.output(labels, T.INT64)
    m.output(scores)
    m.output(m.node("TreeEnsembleRegressor", x, domain="ai.onnx.ml", **tree, n_targets=1, target_treeids=[0, 0, 1, 1],
                    target_nodeids=[1, 2, 1, 2], target_ids=[0] * 4, target_weights=[0.9, 0.4, 0.3, 0.6]))

    m = model("linear", "tabular")
    x = m.input("x", T.FLOAT, [[1, 4, 9], 4])
    y = m.node("Scaler", x, domain="ai.onnx.ml", offset=[0.1] * 4, scale=[2.0] * 4)
    labels, scores = m.node("LinearClassifier", y, domain="ai.onnx.ml", outputs=2, coefficients=[0.1] * 12,
                            intercepts=[0.1] * 3, classlabels_ints=[0, 1, 2], post_transform="SOFTMAX")
    m.output(labels, T.INT64)
    m.output(m.node("Normalizer", scores, domain="ai.onnx.ml", norm="L1"))
    m.output(m.node("LinearRegressor", y, domain="ai.onnx.ml", coefficients=[0.2] * 4, intercepts=[0.5], targets=1))
    m.output(m.node("ArgMax", scores, axis=1, keepdims=0), T.INT64)
    m.output(m.node("Identity", x))

    m = model("named-classes", "tabular")
    x = m.input("x", T.FLOAT, [[1, 5], 4])
    labels, scores = m.node("LinearClassifier", x, domain="ai.onnx.ml", outputs=2, coefficients=[0.1, 0.2, 0.3, 0.4] * 2,
                            intercepts=[0.1] * 2, classlabels_strings=["no", "yes"], post_transform="LOGISTIC")
    m.output(labels, T.STRING)
    m.output(scores)
    word = m.input("word", T.STRING, [[1, 3], 1])
    m.output(m.node("LabelEncoder", word, domain="ai.onnx.ml", keys_strings=["w1", "w2"], values_int64s=[1, 2]), T.INT64)


def arithmetic():
    for name, datatype, kind in (("fp32", T.FLOAT, np.float32), ("int64", T.INT64, np.int64), ("int32", T.INT32, np.int32)):
        m = model(f"arithmetic-{name}", "arithmetic")
        x = m.input("x", datatype, [[1, 3], 4, 5])
        y = m.input("y", datatype, [4, 1])
        one = m.constant(3, kind)
        for operator in ("Add", "Sub", "Mul", "Max", "Min"):
            m.output(m.node(operator, x, y), datatype)
        m.output(m.node("Div", x, one), datatype)
        m.output(m.node("Mod", x, one, fmod=int(kind == np.float32)), datatype)
        m.output(m.node("Pow", x, m.constant(2, kind)), datatype)
        m.output(m.node("Abs", m.node("Neg", x)), datatype)
        m.output(m.node("Sign", x), datatype)
        for operator in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"):
            m.output(m.node(operator, x, y), T.BOOL)
        m.output(m.node("Where", m.node("Less", x, y), x, y), datatype)
        m.output(m.node("Slice", x, m.constant([3], np.int64), m.constant([-9], np.int64), m.constant([2], np.int64), m.constant([-1], np.int64)), datatype)
        for operator in ("ReduceMax", "ReduceMin", "ReduceMean", "ReduceProd"):
            m.output(m.node(operator, x, axes=[1]), datatype)
        m.output(m.node("ReduceSum", x, m.constant([2], np.int64)), datatype)
        m.output(m.node("ReduceSum", x, keepdims=0), datatype)
        m.output(m.node("Squeeze", m.node("Unsqueeze", x, m.constant([0], np.int64)), m.constant([0], np.int64)), datatype)
        m.output(m.node("Transpose", x, perm=[2, 0, 1]), datatype)
        for to in (T.FLOAT, T.INT64, T.INT32, T.BOOL, T.UINT8, T.INT8, T.FLOAT16, T.DOUBLE):
            m.output(m.node("Cast", x, to=to), to)
    m = model("functions", "arithmetic")
    x = m.input("x", T.FLOAT, [[1, 3], 4])
    for operator in ("Exp", "Floor", "Ceil", "Round", "Erf", "Reciprocal", "Tanh", "Sqrt", "Atan", "Sigmoid", "Relu"):
        m.output(m.node(operator, x))
    truth = m.node("Greater", x, m.constant(0))
    for operator in ("And", "Or", "Xor"):
        m.output(m.node(operator, truth, m.node("Not", truth)), T.BOOL)
    for operator in ("Sum", "Mean"):
        m.output(m.node(operator, x, x, x))
    for operator in ("ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare"):
        m.output(m.node(operator, x, axes=[1]))
    m.output(m.node("ArgMin", x, axis=0), T.INT64)
    m.output(m.node("ConstantOfShape", m.node("Shape", x)))
    for datatype in (T.FLOAT, T.INT64, T.BOOL):
        m.output(m.node("Expand", m.node("Cast", x, to=datatype), m.constant([2, 1, 4], np.int64)), datatype)


def halves():
    m = model("fp16-conv-net", "halves")
    half = np.float16
    x = m.input("x", T.FLOAT16, [[1, 2], 4, 8, [8, 12]])
    y = m.node("Conv", x, m.weight(8, 4, 3, 3, datatype=half), m.weight(8, datatype=half), pads=[1, 1, 1, 1])
    y = m.node("Relu", y)
    y = m.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = m.node("Mul", y, m.node("Sigmoid", y))
    y = m.node("Flatten", m.node("GlobalAveragePool", y))
    y = m.node("Gemm", y, m.weight(8, 6, datatype=half), m.weight(6, datatype=half))
    m.output(m.node("Softmax", y), T.FLOAT16)

    m = model("fp16-text", "halves")
    ids = m.input("ids", T.INT64, [[1, 2], 5], [0, 20, True])
    x = m.node("Gather", m.weight(20, 16, datatype=half), ids)
    y = m.node("Add", m.node("MatMul", x, m.weight(16, 16, datatype=half)), m.weight(16, datatype=half))
    y = m.node("LayerNormalization", m.node("Add", x, y), m.weight(16, datatype=half), m.weight(16, datatype=half))
    y = m.node("Tanh", m.node("Erf", y))
    y = m.node("Sub", y, m.node("Sqrt", m.node("Mul", y, y)))
    m.output(m.node("Concat", y, x, axis=2), T.FLOAT16)
    m.output(m.node("Transpose", m.node("Reshape", y, m.constant([0, 0, 2, 8], np.int64)), perm=[0, 2, 1, 3]), T.FLOAT16)


def single():
    """What costs little and is in many files: each is a model of its own, so that it may come in without the others."""
    m = model("dense-rows", "single")
    x = m.input("x", T.FLOAT, [[1, 3, 8], 12])
    y = m.node("Relu", m.node("Add", m.node("MatMul", x, m.weight(12, 100)), m.weight(1, 100)))
    y = m.node("Tanh", m.node("Add", m.node("MatMul", y, m.weight(100, 8)), m.weight(8)))
    m.output(m.node("Sigmoid", m.node("Add", m.node("MatMul", y, m.weight(8, 1)), m.weight(1, 1))))

    m = model("two-way-lstm", "single")
    x = m.input("x", T.FLOAT, [[3, 6], [1, 2], 8])
    weights = (m.weight(2, 32, 8), m.weight(2, 32, 8), m.weight(2, 64))
    m.output(m.node("LSTM", x, *weights, outputs=2, hidden_size=8, direction="bidirectional")[0])

    for operator in ("Add", "Sub", "Mul", "Div"):
        m = model(f"broadcast-{operator.lower()}", "single")
        x = m.input("x", T.FLOAT, [[1, 2, 3], 4, 5])
        for other in (m.weight(), m.weight(5), m.weight(4, 1), m.weight(1, 4, 5), x):
            m.output(m.node(operator, x, other))
            m.output(m.node(operator, other, x))

    one_input = dict(
        Exp={}, Log={}, Sqrt={}, Abs={}, Neg={}, Floor={}, Reciprocal={}, Erf={}, Sigmoid={}, Tanh={}, Relu={}, Elu={},
        LeakyRelu={}, HardSigmoid={}, HardSwish={}, Softplus={}, Softmax={}, LogSoftmax={}, GlobalMaxPool={}, Identity={},
        ReduceMean=dict(axes=[2, 3]), ReduceMax=dict(axes=[1]), Flatten={}, Shape={}, Transpose=dict(perm=[0, 2, 3, 1]),
        AveragePool=dict(kernel_shape=[2, 2], strides=[2, 2]), MaxPool=dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    )
    for operator, attributes in one_input.items():
        m = model(f"one-{operator.lower()}", "single")
        x = m.input("x", T.FLOAT, [[1, 2], 4, [6, 8], 6])
        m.output(m.node(operator, x, **attributes), T.INT64 if operator == "Shape" else T.FLOAT)

    for mode in ("constant", "reflect"):
        m = model(f"one-pad-{mode}", "single")
        x = m.input("x", T.FLOAT, [[1, 2], 4, [6, 8], 6])
        m.output(m.node("Pad", x, m.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64), mode=mode))
    for mode, coordinates in (("nearest", "asymmetric"), ("linear", "half_pixel")):
        m = model(f"one-resize-{mode}", "single")
        x = m.input("x", T.FLOAT, [[1, 2], 4, [6, 8], 6])
        more = dict(nearest_mode="floor") if mode == "nearest" else {}
        m.output(m.node("Resize", x, "", m.constant([1, 1, 2, 2]), mode=mode, coordinate_transformation_mode=coordinates, **more))
    for operator in ("Greater", "Less", "Equal"):
        m = model(f"one-{operator.lower()}", "single")
        x = m.input("x", T.FLOAT, [[1, 3], 4])
        m.output(m.node(operator, x, m.constant(0)), T.BOOL)
    for operator in ("Min", "Max", "Pow"):
        m = model(f"one-{operator.lower()}", "single")
        x = m.input("x", T.FLOAT, [[1, 3], 4])
        m.output(m.node(operator, x, m.constant(2)))


def control():
    """If, Loop, and models that no session can be made of: the error's way out is worth having.

    What is too large has more bytes than 32 bits can tell, so that it fails before anything is allocated.
    """
    m = model("branches", "control")
    x = m.input("x", T.FLOAT, [3])
    test = m.node("Greater", m.node("ReduceSum", x, keepdims=0), m.constant(0))

    def branch(name, operator):
        node = helper.make_node(operator, ["x"], [name])
        return helper.make_graph([node], name, [], [helper.make_tensor_value_info(name, T.FLOAT, None)])

    m.output(m.node("If", test, then_branch=branch("then", "Abs"), else_branch=branch("else", "Neg")))

    m = model("loop", "control")
    x = m.input("x", T.FLOAT, [3])
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["sum", "x"], ["more"]),
         helper.make_node("Identity", ["more"], ["kept"])],
        "body",
        [helper.make_tensor_value_info("i", T.INT64, []), helper.make_tensor_value_info("go", T.BOOL, []),
         helper.make_tensor_value_info("sum", T.FLOAT, [3])],
        [helper.make_tensor_value_info("on", T.BOOL, []), helper.make_tensor_value_info("more", T.FLOAT, [3]),
         helper.make_tensor_value_info("kept", T.FLOAT, [3])],
    )
    first, all_ = m.node("Loop", m.constant(3, np.int64), m.constant(True, bool), x, outputs=2, body=body)
    m.output(first)
    m.output(all_)

    m = model("too-large", "control")
    shape = m.input("shape", T.INT64, [3], [2000, 2048, True])
    m.output(m.node("ConstantOfShape", shape))

    m = model("unknown-operator", "control")
    x = m.input("x", T.FLOAT, [3])
    m.output(m.node("NobodyKnowsThis", x, domain="com.example"))

    m = model("wrong-types", "control")
    x = m.input("x", T.INT64, [3])
    m.output(m.node("Sigmoid", x))


def write(folder):
    for make in (vision, quantised, text, audio, tabular, arithmetic, halves, single, control):
        make()
    lines = []
    for made in MODELS:
        proto = made.proto()
        onnx.save(proto, folder / f"{made.name}.onnx")
        outputs = {info.name: [NAMES[info.type.tensor_type.elem_type]] for info in made.outputs}
        lines.append({"name": made.name, "group": made.group, "inputs": made.drawn, "outputs": outputs})
    (folder / "models.json").write_text(json.dumps(lines))


write(pathlib.Path(sys.argv[1]))
