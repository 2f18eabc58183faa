"""Writes the int8 ONNX form: `quantize_onnx.py PACKAGE_DIR FP32.onnx INT8.onnx`.

Static QDQ with ranges from training digits. Weights are per channel and keep to seven bits
(`reduce_range`): the sum of two u8 × s7 products fits 16 bits, so the saturating multiply of x86
without VNNI, and WebAssembly's relaxed dot product, get the same integers as every other device.
The logits stay floats: a step of their own would be the coarsest one in the model.
"""

import logging
import sys
from pathlib import Path

import numpy as np
import onnx.reference  # noqa: F401, quantization needs it, and it only loads before onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from data import read_digits

CALIBRATE_ON_EVERY = 10  # of the 9,000 training digits
BATCHES = 9


class CalibrationDigits(CalibrationDataReader):
    def __init__(self, training_pixels: np.ndarray) -> None:
        self.batches = iter(np.array_split(training_pixels[::CALIBRATE_ON_EVERY], BATCHES))

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"pixel_values": batch}


def quantize_onnx(fp32: Path, training_pixels: np.ndarray, int8: Path) -> None:
    logging.getLogger().setLevel(logging.ERROR)  # it recommends a preparation this graph needs not
    int8.parent.mkdir(parents=True, exist_ok=True)
    quantize_static(
        fp32,
        int8,
        CalibrationDigits(training_pixels),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
    )


if __name__ == "__main__":
    package, fp32, int8 = map(Path, sys.argv[1:])
    training, _ = read_digits(package)
    quantize_onnx(fp32, training.pixels, int8)
