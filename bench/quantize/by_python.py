"""Other ways to make the models of `models/ocr` small, as files: `by_python.py DIR`.

    apt-get install python3-numpy python3-onnx python3-onnxruntime python3-pil python3-opencv python3-pyclipper \\
        fonts-dejavu-core fonts-liberation

Writes DIR/<way>/detect.onnx and DIR/<way>/recognize.onnx. `dynamic-matmul`, `dynamic-all` and `static` are by
onnxruntime.quantization, of graphs that it can work with: opset 13, and weights that are no nodes. `four-bits` has the
floats that integers of 4 bits stand for, each block of 32 with a scale of its own.
"""

import sys
import tempfile
from pathlib import Path

import onnx
import onnx.reference  # before onnxruntime.quantization, or that fails
import numpy as np
from onnx import numpy_helper, version_converter
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

OCR = Path(__file__).resolve().parent.parent.parent / "models/ocr"
STAGES = ("detect", "recognize")
OPSET = 13
CALIBRATED_WITH = 12
BLOCK, MOST = 32, 7
LEAST_ELEMENTS = 1024


def plain(stage: str) -> onnx.ModelProto:
    model = onnx.load(OCR / stage / "model.onnx")
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        values = [one.t for one in node.attribute if one.name == "value"]
        if node.op_type != "Constant" or not values:
            model.graph.node.append(node)
            continue
        values[0].name = node.output[0]
        model.graph.initializer.append(values[0])
    return version_converter.convert_version(model, OPSET)


def with_four_bits(model: onnx.ModelProto) -> onnx.ModelProto:
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2 or values.size < LEAST_ELEMENTS:
            continue
        blocks = np.pad(values.reshape(-1), (0, -values.size % BLOCK)).reshape(-1, BLOCK)
        scales = np.abs(blocks).max(1, keepdims=True) / MOST
        scales[scales == 0] = 1
        rounded = np.round(blocks / scales) * scales
        narrowed = rounded.reshape(-1)[: values.size].reshape(values.shape).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(narrowed, tensor.name))
    return model


class Lines(CalibrationDataReader):
    """What devices give a stage, of some of the lines."""

    def __init__(self, stage: str) -> None:
        sys.path.append(str(OCR / "reference"))
        from lines import lines
        from reader import Reader, cut_out, detector_input, recognizer_input

        pictures = [np.asarray(line.picture) for line in lines(CALIBRATED_WITH)]
        if stage == "detect":
            given = [detector_input(picture) for picture in pictures]
        else:
            find = Reader("fp32").boxes
            given = [recognizer_input(cut_out(picture, box)) for picture in pictures for box in find(picture)]
        self.inputs = iter(given)

    def get_next(self) -> dict | None:
        values = next(self.inputs, None)
        return None if values is None else {"x": values}


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        for stage in STAGES:
            source = Path(temporary) / f"{stage}.onnx"
            onnx.save(plain(stage), source)
            to = {way: folder / way / f"{stage}.onnx" for way in ("dynamic-matmul", "dynamic-all", "static", "four-bits")}
            for file in to.values():
                file.parent.mkdir(parents=True, exist_ok=True)
            quantize_dynamic(source, to["dynamic-matmul"], op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8)
            quantize_dynamic(source, to["dynamic-all"])
            quantize_static(source, to["static"], Lines(stage), quant_format=QuantFormat.QDQ, per_channel=True)
            onnx.save(with_four_bits(plain(stage)), to["four-bits"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
