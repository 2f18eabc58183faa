"""Writes clips/, reference.json, baseline.json, golden.json and golden/: what Python's onnxruntime answers, with numpy's steps.

    apt-get install espeak-ng python3-numpy python3-onnxruntime python3-pil
    npm run build && /usr/bin/python3 models/voice/reference/make.py
"""

import json

import numpy as np
from clips import SOUNDS_HZ, sounds, write_clips

from model import (
    FOLDER,
    MICROPHONE_HZ,
    QUIET,
    SHIPPED,
    SPEC,
    STATE,
    VARIANTS,
    Sound,
    open_model,
    resample,
    scores_of,
    windows_of,
)

# After model.py, which says where it is.
from baseline import of_numbers
from steps import decode_audio, note

# A window in which somebody speaks: of what is no speech, wrong numbers would be as near to 0 as right ones.
GOLDEN_CLIP, GOLDEN_WINDOW = "english", 12
THRESHOLD = next(step["threshold"] for step in SPEC["postprocessing"] if step["step"] == "segments")


def clip_scores(run, sound: Sound) -> dict[str, list[float]]:
    return {name: scores_of(run, windows_of(heard)) for name, heard in heard_as(sound).items()}


def heard_as(sound: Sound) -> dict[str, Sound]:
    return {
        "scores": sound,
        "quiet": sound._replace(samples=sound.samples * QUIET),
        "fromMicrophone": resample(sound, {"sampling_rate": MICROPHONE_HZ}, SPEC),
    }


def print_changes(given: list[Sound]) -> None:
    """Prints how many windows each other variant puts on the other side of the threshold."""
    windows = [windows_of(sound) for sound in given]
    is_speech = {name: [np.array(scores_of(open_model(name), one)) >= THRESHOLD for one in windows] for name in VARIANTS}
    for name in VARIANTS[1:]:
        pairs = list(zip(is_speech[SHIPPED], is_speech[name], strict=True))
        changed = sum(int((ours != theirs).sum()) for ours, theirs in pairs)
        print(f"{SHIPPED}: {changed} of {sum(len(one) for one in windows)} windows are not as {name} has them")


def write_baseline(clips: dict[str, Sound], best: list[float]) -> None:
    seen = [note("decode-audio", sound) for sound in clips.values()]
    inputs = [of_numbers(name, "input", np.array([one[name] for one in seen])) for name in ("level", "clipped")]
    distributions = [of_numbers("confidence", "score", np.array(best)), *inputs]
    write_json("baseline.json", {"format": 2, "n": len(clips), "distributions": distributions})


def write_golden(windows: np.ndarray) -> None:
    """One case: a window of speech, with the state that those before it left."""
    run, state = open_model(), np.zeros(STATE, np.float32)
    for window in windows[:GOLDEN_WINDOW]:
        _, state = run(window[np.newaxis], state)
    window = windows[GOLDEN_WINDOW][np.newaxis]
    (FOLDER / "golden").mkdir(exist_ok=True)
    expected = {}
    for variant in VARIANTS:
        output, next_state = open_model(variant)(window, state)
        expected[variant] = {
            "output": store(f"{variant}.output", output),
            "stateN": store(f"{variant}.stateN", next_state),
        }
    inputs = {"input": store("input", window), "state": store("state", state)}
    case = {"name": "speech", "inputs": inputs, "expected": expected}
    tolerance = {variant: {"abs": 1e-3, "rel": 1e-3} for variant in VARIANTS}
    write_json("golden.json", {"format": 1, "cases": [case], "tolerance": tolerance})


def store(name: str, values: np.ndarray) -> dict:
    file = f"golden/speech.{name}.bin"
    (FOLDER / file).write_bytes(np.asarray(values, "<f4").tobytes())
    return {"datatype": "FP32", "shape": list(values.shape), "file": file}


def write_json(name: str, content: dict, indent: int | None = 2) -> None:
    (FOLDER / name).write_text(f"{json.dumps(content, indent=indent)}\n")


def main() -> None:
    run = open_model()
    write_clips(FOLDER / "clips")
    clips = {file.stem: decode_audio(file, {}, SPEC) for file in sorted((FOLDER / "clips").glob("*.wav"))}
    write_golden(windows_of(clips[GOLDEN_CLIP]))
    silent = {name: Sound(samples[np.newaxis, np.newaxis], SOUNDS_HZ) for name, samples in sounds().items()}
    no_speech = {name: scores_of(run, windows_of(sound)) for name, sound in silent.items()}
    spoken = {name: clip_scores(run, sound) for name, sound in clips.items()}
    write_baseline(clips, [max(found["scores"]) for found in spoken.values()])
    write_json("reference.json", {"clips": spoken, "sounds": no_speech}, indent=None)
    for name, found in spoken.items():
        print(name, {kind: max(scores) for kind, scores in found.items()})
    for name, scores in no_speech.items():
        print(name, max(scores))
    print_changes([*clips.values(), *silent.values()])
    print_changes([one for sound in clips.values() for one in heard_as(sound).values()] + [*silent.values()])


main()
