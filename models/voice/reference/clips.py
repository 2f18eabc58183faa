"""Speech by espeak-ng 1.52 (Debian 13), and sounds that are none, all the same at every run."""

import io
import subprocess
import wave
from pathlib import Path

import numpy as np

CLIPS = {
    "english": ("en-us", 165, 50, "How are you today"),
    "german": ("de", 170, 45, "Guten Morgen zusammen"),
    "french": ("fr", 170, 60, "Bonjour tout le monde"),
    "spanish": ("es", 180, 50, "Buenas noches a todos"),
    "high": ("en-gb", 190, 85, "The train leaves at nine"),
}
SOUNDS_HZ = 16000
SOUNDS_LENGTH = 32000


def write_clips(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, (voice, speed, pitch, text) in CLIPS.items():
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
        spoken = subprocess.run(command, capture_output=True, check=True).stdout
        with wave.open(io.BytesIO(spoken)) as opened:
            rate = opened.getframerate()
        samples = np.frombuffer(spoken[44:], "<i2")  # its head says no length, as it is a pipe
        with wave.open(str(folder / f"{name}.wav"), "wb") as clip:
            clip.setnchannels(1)
            clip.setsampwidth(1)  # a byte a sample: half the size, and as well understood
            clip.setframerate(rate)
            clip.writeframes((np.round(samples / 256) + 128).clip(0, 255).astype(np.uint8).tobytes())


def noise(length: int, seed: int) -> np.ndarray:
    """−1 to 1: the high bytes of a linear congruential generator, as in packages/pipeline/fixtures/noise.ts."""
    values, state = np.empty(length, np.float32), seed
    for i in range(length):
        state = (state * 1664525 + 1013904223) % 2**32
        values[i] = ((state >> 24) - 128) / 128
    return values


def sounds() -> dict[str, np.ndarray]:
    """16 kHz"""
    time = np.arange(SOUNDS_LENGTH) / SOUNDS_HZ
    return {
        "silence": np.zeros(SOUNDS_LENGTH, np.float32),
        "tone": (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32),
        "noise": noise(SOUNDS_LENGTH, 16) * np.float32(0.25),
        "quiet noise": noise(SOUNDS_LENGTH, 17) * np.float32(0.025),
    }
