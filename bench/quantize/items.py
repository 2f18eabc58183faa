"""Labelled items for the gate, as files and `labels.jsonl`: `items.py lines|recordings|faces|things DIR COUNT`.

    apt-get install espeak-ng python3-numpy python3-onnx python3-onnxruntime python3-pil python3-skimage fonts-dejavu-core fonts-liberation

Lines of text are those of `models/ocr`, and more. Recordings are short sentences by espeak-ng. What is right for a
recording is on which side of the threshold the model of floats has each window. Only recordings are written of which it
is sure: of a window near the threshold nobody can say what is right. Faces are those of `models/faces`.
Things are parts of scikit-image's photos, some of them mirrored; the model of floats says what is in each, where it is sure.
"""

import itertools
import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

MODELS = Path(__file__).resolve().parent.parent.parent / "models"

VOICES = {
    "en-us": "Good morning|Stop|Seven grey owls|Nobody knows|Yes|How are you|Open|Water|Thank you|Left",
    "en-gb": "Good evening|A cup of tea|No|Train nine|Music|Paper",
    "de": "Danke|Guten Morgen|Es regnet|Ja|Fenster|Bis bald",
    "fr": "Merci|Il pleut|Bonjour|Oui|La porte|Demain",
    "es": "Gracias|Hace frio|Hola|Agua|Buenas noches",
    "it": "Grazie|Buon giorno|Acqua|Domani",
    "nl": "Dank je|Het regent|Goede morgen",
    "pt": "Bom dia|Obrigado|Onde fica",
    "sv": "God morgon|Tack|Vatten",
    "pl": "Dzien dobry|Dziekuje|Woda",
}
SPEEDS = (130, 150, 170, 190, 210)
PITCHES = (20, 32, 44, 56, 68, 80, 92)
SURE, SURE_OF_THINGS = 0.2, 0.05
THRESHOLD = 0.5


def write_lines(folder: Path, count: int) -> None:
    sys.path.append(str(MODELS / "ocr/reference"))
    from lines import lines

    items = []
    for i, line in enumerate(lines(count)):
        line.picture.save(folder / f"line-{i}.png")
        items.append({"input": f"line-{i}.png", "expected": line.text})
    write_items(folder, items)


def write_recordings(folder: Path, count: int) -> None:
    sys.path.append(str(MODELS / "voice/reference"))
    from model import Sound, open_model, scores_of, windows_of

    run, items = open_model("fp32"), []
    for i, (voice, speed, pitch, text) in enumerate(sentences()):
        samples, rate = spoken(voice, speed, pitch, text)
        floats = (samples.astype(np.float32) / np.float32(32768))[np.newaxis, np.newaxis]
        scores = np.array(scores_of(run, windows_of(Sound(floats, rate))))
        if np.abs(scores - THRESHOLD).min() < SURE:
            continue
        write_wav(folder / f"{i}.wav", samples, rate)
        items.append({"input": f"{i}.wav", "expected": (scores >= THRESHOLD).astype(int).tolist()})
        if len(items) == count:
            break
    write_items(folder, items)


def write_faces(folder: Path, count: int) -> None:
    sys.path.append(str(MODELS / "faces/reference"))
    from pictures import cut_out, photos

    items = []
    for name, (picture, _, labels) in list({**photos(), **cut_out()}.items())[:count]:
        picture.save(folder / f"{name}.png")
        items.append({"input": f"{name}.png", "expected": labels})
    write_items(folder, items)


def write_things(folder: Path, count: int) -> None:
    sys.path.append(str(MODELS / "things/reference"))
    from pictures import photos

    from detector import Detector

    detector = Detector(MODELS / "things", "fp32")
    anchors = detector.spec["postprocessing"][0]
    anchors["min_score_thresh"] = THRESHOLD - SURE_OF_THINGS
    random, items = np.random.default_rng(189), []
    every = [picture for picture, _, things in photos().values() if things]
    while len(items) < count:
        picture = every[len(items) % len(every)]
        share = random.uniform(0.5, 1, 2)
        width, height = (int(side * part) for side, part in zip(picture.size, share, strict=True))
        left, top = (int(random.integers(0, side - part + 1)) for side, part in zip(picture.size, (width, height), strict=True))
        part = picture.crop((left, top, left + width, top + height))
        file = folder / f"{len(items)}.png"
        (part.transpose(0) if random.integers(2) else part).save(file)
        found = detector.find(file)
        if all(one["score"] >= THRESHOLD + SURE_OF_THINGS for one in found):
            items.append({"input": file.name, "expected": [{"label": one["label"], "box": one["box"]} for one in found]})
    write_items(folder, items)


def sentences() -> list[tuple[str, int, int, str]]:
    """In an order that is drawn, and the same every time."""
    said = [(voice, text) for voice, texts in VOICES.items() for text in texts.split("|")]
    every = [(voice, speed, pitch, text) for (voice, text), speed, pitch in itertools.product(said, SPEEDS, PITCHES)]
    return [every[i] for i in np.random.default_rng(189).permutation(len(every))]


def spoken(voice: str, speed: int, pitch: int, text: str) -> tuple[np.ndarray, int]:
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    sound = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(sound[44:], "<i2"), int.from_bytes(sound[24:28], "little")  # RIFF WAVE: rate, then samples


def write_wav(file: Path, samples: np.ndarray, rate: int) -> None:
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(samples.tobytes())


def write_items(folder: Path, items: list[dict]) -> None:
    (folder / "labels.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in items))
    print(len(items))


if __name__ == "__main__":
    kind, directory, number = sys.argv[1:]
    Path(directory).mkdir(parents=True, exist_ok=True)
    writers = {"lines": write_lines, "recordings": write_recordings, "faces": write_faces, "things": write_things}
    writers[kind](Path(directory), int(number))
