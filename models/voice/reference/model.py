"""What Python's onnxruntime answers to sound, with numpy's steps."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

FOLDER = Path(__file__).resolve().parent.parent
sys.path.append(str(FOLDER.parent.parent / "packages/publisher/python"))
from steps import Sound, frame, resample  # noqa: E402

SPEC = json.loads((FOLDER / "model.json").read_text())
STEPS = {step["step"]: step for step in SPEC["preprocessing"]}
RATE = STEPS["resample"]["sampling_rate"]
STATE = [2, 1, 128]
QUIET = np.float32(1 / 20)
MICROPHONE_HZ = 48000
VARIANTS = [variant["name"] for variant in SPEC["variants"]]
# The one that devices run.
SHIPPED = VARIANTS[0]


def open_model(variant: str = SHIPPED):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the same bits every time
    file = FOLDER / SPEC["variants"][VARIANTS.index(variant)]["files"][0]
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def run(window: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inputs = {"input": window, "state": state, "sr": np.array(RATE, np.int64)}
        return session.run(["output", "stateN"], inputs)

    return run


def windows_of(sound: Sound) -> np.ndarray:
    """[n, 576]"""
    return frame(resample(sound, STEPS["resample"], SPEC), STEPS["frame"], SPEC).samples[:, 0]


def scores_of(run, windows: np.ndarray) -> list[float]:
    state, scores = np.zeros(STATE, np.float32), []
    for window in windows:
        output, state = run(window[np.newaxis], state)
        scores.append(round(float(output[0, 0]), 6))
    return scores
