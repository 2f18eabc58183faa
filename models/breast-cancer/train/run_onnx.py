"""What ONNX Runtime answers, in a process without `onnx`: `run_onnx.py MODEL.onnx ROWS.npy LOGITS.npy`."""

import sys

import numpy as np
import onnxruntime

model, rows, logits = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
np.save(logits, session.run(["logit"], {"row": np.load(rows)})[0])
