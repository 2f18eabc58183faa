"""Speech and other sounds as files, and what the model answers to them without any TypeScript: `answer.py DIR`.

Writes DIR/items.json with a WAV file for each clip as it is, at a twentieth of its loudness and at 48 kHz, and for each
sound that is no speech, then reads the files again and writes DIR/answers.json: by variant a score for each window.
"""

import json
import sys
import wave
from pathlib import Path

import numpy as np
from clips import SOUNDS_HZ, sounds
from model import FOLDER, MICROPHONE_HZ, QUIET, SPEC, VARIANTS, Sound, open_model, resample, scores_of, windows_of
from steps import decode_audio

LARGEST = 2**31 - 1


def main(folder: Path) -> None:
    items = []

    def add(name: str, group: str, sound: Sound) -> None:
        write_wav(folder / f"{name}.wav", sound)
        items.append({"file": f"{name}.wav", "group": group, "truth": group != "none"})

    for file in sorted((FOLDER / "clips").glob("*.wav")):
        sound = decode_audio(file, {}, SPEC)
        add(file.stem, "speech", sound)
        add(f"{file.stem}-quiet", "quiet", sound._replace(samples=sound.samples * QUIET))
        add(f"{file.stem}-48-khz", "speech", resample(sound, {"sampling_rate": MICROPHONE_HZ}, SPEC))
    for name, samples in sounds().items():
        add(name.replace(" ", "-"), "none", Sound(samples[np.newaxis, np.newaxis], SOUNDS_HZ))
    (folder / "items.json").write_text(json.dumps(items))
    windows = [windows_of(decode_audio(folder / item["file"], {}, SPEC)) for item in items]
    answers = {}
    for variant in VARIANTS:
        run = open_model(variant)
        answers[variant] = [scores_of(run, of_item) for of_item in windows]
    (folder / "answers.json").write_text(json.dumps(answers))


def write_wav(file: Path, sound: Sound) -> None:
    """One channel, 32 bits a sample: finer than FP32 is near full scale."""
    samples = np.asarray(sound.samples, np.float64).reshape(-1).clip(-1, 1)
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(4)
        opened.setframerate(int(sound.rate))
        opened.writeframes(np.round(samples * LARGEST).astype("<i4").tobytes())


main(Path(sys.argv[1]))
