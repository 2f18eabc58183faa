"""Writes the int8 ONNX form: static QDQ, ranges calibrated on training digits.

Weights are per channel and keep to seven bits (`reduce_range`): a u8 × s7 pair sum fits 16 bits, so the saturating
multiply of older x86 and WebAssembly's relaxed dot product compute the very same integers as every other device.
The logits stay floats: their step would otherwise be the coarsest of all.
"""

import logging
from pathlib import Path

import numpy as np
import onnx  # noqa: F401 — with onnx.reference, must be imported before onnxruntime.quantization
import onnx.reference  # noqa: F401
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

CALIBRATION_DIGITS = 900  # every tenth training digit


class TrainingDigits(CalibrationDataReader):
    def __init__(self, pixels: np.ndarray) -> None:
        self.batches = iter(np.array_split(pixels, 9))

    def get_next(self) -> dict | None:
        batch = next(self.batches, None)
        return None if batch is None else {"pixel_values": batch}


def quantize_onnx(source: Path, training_pixels: np.ndarray, file: Path) -> None:
    logging.getLogger().setLevel(logging.ERROR)  # it recommends a preparation that this graph does not need
    file.parent.mkdir(parents=True, exist_ok=True)
    quantize_static(
        source,
        file,
        TrainingDigits(training_pixels[:: len(training_pixels) // CALIBRATION_DIGITS]),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
    )
