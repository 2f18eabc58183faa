"""The preprocessing steps of model.json as Pillow and numpy compute them: f32, batch axis of 1.

Sound in frames has them along the batch axis. Each is the twin of a file in `packages/pipeline/src/steps`, and stands under the same name.
"""

import math
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps


def preprocess(
    given: Path | dict, spec: dict, seen: dict[str, list] | None = None
) -> np.ndarray | dict[str, np.ndarray]:
    """An image file → [1, C, H, W] or [1, H, W, C]; a record of features → [1, columns]; a WAV file → [n, samples];
    a file of text → all inputs by name, [windows, pieces].

    `seen` takes in what devices note of an input for drift statistics, by the name of its distribution.
    """
    value = given
    for step in spec["preprocessing"]:
        value = STEPS[step["step"]](value, step, spec)
        if seen is not None:
            for name, noted in note(step["step"], value).items():
                seen.setdefault(name, []).append(noted)
    if isinstance(value, dict):
        return value
    if isinstance(value, Sound):
        return value.samples[:, 0].astype(np.float32)
    return row_tensor(value) if value.ndim == 1 else value


def note(step: str, value: object) -> dict:
    """What a step says of what it gives."""
    if step == "decode-image":
        width, height = value.size
        return {"megapixels": width * height / 1e6, "aspect": width / height}
    if step == "resize" and isinstance(value, Image.Image):
        numbers = np.asarray(value).reshape(-1)
        sampled = numbers[:: max(1, len(numbers) // 4096)].astype(np.float64)
        return {"brightness": sampled.mean() / 255, "contrast": sampled.std() / 255}
    if step == "decode-audio":
        total = value.samples.size
        sampled = value.samples[0, :, :: max(1, total // 4096)].astype(np.float64)
        if total == 0:
            return {}
        level = 10 * np.log10(max(np.mean(sampled**2), 1e-10))
        return {"level": level, "clipped": np.mean(np.abs(sampled) >= 0.999)}
    if step == "defaults":
        return {f"feature:{name}": one for name, one in value.items()}
    return {}


def row_tensor(row: np.ndarray) -> np.ndarray:
    return row.astype(np.float32)[np.newaxis]


def decode_image(file: Path, step: dict, _spec: dict) -> Image.Image:
    """The whole, also where devices may decode less (`reduced`)."""
    with Image.open(file) as opened:
        rgba = ImageOps.exif_transpose(opened).convert("RGBA")
    ground = Image.new("RGBA", rgba.size, (*step.get("background", (0, 0, 0)), 255))
    return Image.alpha_composite(ground, rgba).convert("RGB")


def crop_box(file: Path, _step: dict, spec: dict) -> Image.Image:
    """The file is a box that was cut out already: it is only turned when it stands on end."""
    image = decode_image(file, {}, spec)
    return image.transpose(Image.Transpose.ROTATE_90) if image.height / image.width >= 1.5 else image


def grayscale(image: Image.Image, _step: dict, _spec: dict) -> Image.Image:
    return image.convert("L")


def flip_channel_order(
    image: Image.Image | np.ndarray, _step: dict, _spec: dict
) -> Image.Image | np.ndarray:
    flipped = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
    return Image.fromarray(flipped) if isinstance(image, Image.Image) else flipped


def resize(
    image: Image.Image | np.ndarray, step: dict, _spec: dict
) -> Image.Image | np.ndarray:
    size = target_size(step["size"], size_of(image), step.get("ensure_multiple_of", 1))
    if not step.get("antialias", True) and step["resample"] == 2:
        return resize_linear(image, size, step.get("align_corners", False))
    if isinstance(image, Image.Image):
        return image.resize(size, step["resample"])
    channels = [Image.fromarray(image[:, :, c]) for c in range(image.shape[2])]
    return np.stack([np.asarray(c.resize(size, step["resample"])) for c in channels], axis=2)


def size_of(image: Image.Image | np.ndarray) -> tuple[int, int]:
    return image.size if isinstance(image, Image.Image) else (image.shape[1], image.shape[0])


def target_size(wanted: dict, size: tuple[int, int], multiple_of: int) -> tuple[int, int]:
    return tuple(max(1, round(side / multiple_of)) * multiple_of for side in proportional(wanted, *size))


def proportional(wanted: dict, width: int, height: int) -> tuple[int, int]:
    shortest, longest = sorted((width, height))
    if "shortest_edge" in wanted:
        short, long = wanted["shortest_edge"], int(wanted["shortest_edge"] * longest / shortest)
        most = wanted.get("longest_edge", long)
        if long > most:
            short, long = int(most * short / long), most
        return (short, long) if width <= height else (long, short)
    if "longest_edge" in wanted:
        scale = wanted["longest_edge"] / longest
        return int(width * scale + 0.5), int(height * scale + 0.5)
    if "max_height" in wanted:
        scale = min(wanted["max_height"] / height, wanted["max_width"] / width)
        return int(width * scale), int(height * scale)
    if "min_shortest_edge" in wanted:
        larger = max(1, wanted["min_shortest_edge"] / shortest)
        scale = min(larger, wanted["max_longest_edge"] / longest)
        return int(width * scale), int(height * scale)
    if "max_width" in wanted:
        wide = math.ceil(wanted["height"] * width / height)
        return min(wide, wanted["max_width"]), wanted["height"]
    return wanted["width"], wanted["height"]


def resize_linear(
    image: Image.Image | np.ndarray, size: tuple[int, int], align_corners: bool
) -> Image.Image | np.ndarray:
    """Without antialiasing: bytes as OpenCV's INTER_LINEAR, floats as torch's `interpolate`."""
    pixels = as_array(image)
    if size == size_of(image):
        return image
    columns = linear_windows(pixels.shape[1], size[0], align_corners, pixels.dtype, False)
    rows = linear_windows(pixels.shape[0], size[1], align_corners, pixels.dtype, True)
    if pixels.dtype != np.uint8:
        across = mix(pixels, 1, columns).astype(np.float32)
        return mix(across, 0, rows).astype(np.float32)
    across = mix(pixels.astype(np.int64), 1, columns) >> 4
    starts, ends, first, second = rows
    upper = (across[starts] * first[:, None, None]) >> 16
    lower = (across[ends] * second[:, None, None]) >> 16
    resized = ((upper + lower + 2) >> 2).astype(np.uint8)
    return Image.fromarray(resized if resized.shape[2] == 3 else resized[:, :, 0])


def linear_windows(
    given: int, side: int, align_corners: bool, dtype: np.dtype, repeats_edges: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Between which two inputs each output lies, and their weights: of bytes in whole numbers of 1/2048."""
    is_bytes = dtype == np.uint8
    kind = np.float64 if is_bytes else np.float32
    outputs = np.arange(side, dtype=kind)
    if align_corners:
        positions = outputs * kind((given - 1) / max(1, side - 1))
    else:
        positions = (outputs + kind(0.5)) * kind(given / side) - kind(0.5)
    positions = positions.astype(np.float32)
    starts = np.floor(positions).astype(np.int64)
    is_between = (starts >= 0) & (starts + 1 < given)
    shares = np.where(is_between | (is_bytes and repeats_edges), positions - starts, 0).astype(np.float32)
    weights = [np.float32(1) - shares, shares]
    if is_bytes:
        weights = [np.rint(one * np.float32(2048)).astype(np.int64) for one in weights]
    ends = np.where(is_between, starts + 1, starts).clip(0, given - 1)
    return starts.clip(0, given - 1), ends, weights[0], weights[1]


def mix(pixels: np.ndarray, axis: int, windows: tuple) -> np.ndarray:
    starts, ends, first, second = windows
    shape = [-1 if one == axis else 1 for one in range(3)]
    kind = np.int64 if pixels.dtype == np.int64 else np.float64
    first, second = (one.astype(kind).reshape(shape) for one in (first, second))
    return pixels.take(starts, axis) * first + pixels.take(ends, axis) * second


def center_crop(
    image: Image.Image | np.ndarray, step: dict, _spec: dict
) -> Image.Image | np.ndarray:
    width, height = step["crop_size"]["width"], step["crop_size"]["height"]
    given = size_of(image)
    return place(image, (width, height), (-((given[0] - width) // 2), -((given[1] - height) // 2)), 0)


def pad(image: Image.Image | np.ndarray, step: dict, _spec: dict) -> Image.Image | np.ndarray:
    given = size_of(image)
    least = step.get("pad_size", {})
    divisor = step.get("size_divisor", 1)
    width, height = (
        math.ceil(max(side, least.get(name, 1)) / divisor) * divisor
        for side, name in zip(given, ("width", "height"), strict=True)
    )
    is_centered = step.get("alignment") == "center"
    offset = ((width - given[0]) // 2, (height - given[1]) // 2) if is_centered else (0, 0)
    return place(image, (width, height), offset, step.get("constant_values", 0))


def place(
    image: Image.Image | np.ndarray, size: tuple[int, int], offset: tuple[int, int], fill: object
) -> Image.Image | np.ndarray:
    """On a ground of that size, cut where it sticks out."""
    pixels = as_array(image)
    ground = np.empty((size[1], size[0], pixels.shape[2]), pixels.dtype)
    ground[:] = fill
    left, top = max(0, offset[0]), max(0, offset[1])
    shown = pixels[max(0, -offset[1]) :, max(0, -offset[0]) :][: size[1] - top, : size[0] - left]
    ground[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    if not isinstance(image, Image.Image):
        return ground
    return Image.fromarray(ground if ground.shape[2] == 3 else ground[:, :, 0])


def rescale(image: Image.Image | np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    return (as_array(image).astype(np.float64) * step["rescale_factor"]).astype(np.float32)


def normalize(image: Image.Image | np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    mean = np.array(step["image_mean"], np.float32)
    std = np.array(step["image_std"], np.float32)
    return (as_array(image).astype(np.float32) - mean) / std


def to_tensor(image: Image.Image | np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    pixels = as_array(image).astype(np.float32)
    return (pixels.transpose(2, 0, 1) if step["layout"] == "NCHW" else pixels)[np.newaxis]


def defaults(record: dict, _step: dict, spec: dict) -> dict:
    """Every feature of the spec: the record's own where it fits, else the default."""
    return {feature["name"]: complete(record.get(feature["name"]), feature) for feature in spec["features"]}


def complete(given: object, feature: dict) -> float | str | bool:
    if not fits(given, feature):
        if "default" in feature:
            return feature["default"]
        raise ValueError(f"{feature['name']}: {given} does not fit, and there is no default")
    if feature["type"] != "number" or "range" not in feature:
        return given
    clipped = min(max(given, feature["range"][0]), feature["range"][1])
    if clipped != given and feature.get("outside") != "clip":
        raise ValueError(f"{feature['name']}: {given} is outside {feature['range']}")
    return clipped


def fits(given: object, feature: dict) -> bool:
    if feature["type"] == "category":
        return given in feature["categories"]
    if feature["type"] == "boolean":
        return isinstance(given, bool)
    return isinstance(given, (int, float)) and not isinstance(given, bool) and np.isfinite(given)


def one_hot(record: dict, _step: dict, spec: dict) -> np.ndarray:
    columns = []
    for feature in spec["features"]:
        value = record[feature["name"]]
        is_category = feature["type"] == "category"
        columns += [value == one for one in feature["categories"]] if is_category else [value]
    return np.array(columns, np.float64)


def scale(row: np.ndarray, step: dict, _spec: dict) -> np.ndarray:
    return (row - np.array(step["mean"])) / np.array(step["scale"])


class Sound(NamedTuple):
    samples: np.ndarray  # [frames, channels, samples]
    rate: int


def decode_audio(file: Path, _step: dict, _spec: dict) -> Sound:
    """PCM of 8 to 32 bits: Python's own reader knows no floats."""
    with wave.open(str(file)) as opened:
        width, count = opened.getsampwidth(), opened.getnchannels()
        rate, data = opened.getframerate(), opened.readframes(opened.getnframes())
    if width == 1:
        values = np.frombuffer(data, np.uint8).astype(np.float64) / 128 - 1
    else:
        padded = np.zeros((len(data) // width, 4), np.uint8)  # the highest bytes of 32 bits
        padded[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
        values = padded.view("<i4")[:, 0] / 2**31
    return Sound(values.astype(np.float32).reshape(1, -1, count).transpose(0, 2, 1), rate)


def mix_down(sound: Sound, _step: dict, _spec: dict) -> Sound:
    mean = sound.samples.mean(axis=1, keepdims=True, dtype=np.float64)
    return sound._replace(samples=mean.astype(np.float32))


def resample(sound: Sound, step: dict, _spec: dict) -> Sound:
    """torchaudio.functional.resample: a sinc of 6 zero crossings a side under a Hann window, rolloff 0.99."""
    rate = step["sampling_rate"]
    if rate == sound.rate:
        return sound
    divisor = math.gcd(sound.rate, rate)
    before, after = sound.rate // divisor, rate // divisor
    scale = 0.99 * min(before, after)
    width = math.ceil(6 * before / scale)
    length = sound.samples.shape[-1]
    padded = np.pad(sound.samples, ((0, 0), (0, 0), (width, width + before))).astype(np.float64)
    made = np.zeros((*sound.samples.shape[:2], math.ceil(after * length / before)))
    offsets = np.arange(-width, width + before)
    for phase in range(after):
        t = np.float32(offsets / before) - np.float32(phase / after)  # rounded as torchaudio rounds it
        t = np.clip(t * np.float32(scale), -6, 6)
        weights = np.sinc(t) * np.cos(t * np.pi / 12) ** 2 * scale / before
        starts = np.arange(len(range(phase, made.shape[-1], after))) * before
        for offset in np.flatnonzero(np.abs(t) < 6):
            made[..., phase::after] += weights[offset] * padded[..., starts + offset]
    return Sound(made.astype(np.float32), rate)


def frame(sound: Sound, step: dict, _spec: dict) -> Sound:
    length, hop, context = step["frame_length"], step["hop_length"], step.get("context", 0)
    (samples,) = sound.samples
    total = samples.shape[-1]
    starts = list(range(0, total - length + 1, hop))
    covered = starts[-1] + length if starts else 0
    rest = len(starts) * hop
    if step.get("pad", False) and rest < total and covered < total:
        starts.append(rest)
    padded = np.pad(samples, ((0, 0), (context, length)))
    frames = [padded[:, start : start + context + length] for start in starts]
    return sound._replace(samples=np.array(frames, np.float32).reshape(-1, samples.shape[0], context + length))


def log_mel(sound: Sound, step: dict, _spec: dict) -> np.ndarray:
    """torchaudio.transforms.MelSpectrogram and a logarithm: [n, n_mels, frames] or [n, frames, n_mels]."""
    n_fft, hop = step["n_fft"], step["hop_length"]
    win_length = step.get("win_length", n_fft)
    before = (n_fft - win_length) // 2
    hann = np.hanning(win_length + 1)[:-1]
    window = np.pad(hann, (before, n_fft - win_length - before))
    samples = sound.samples[:, 0].astype(np.float64)
    if step.get("center", True):
        samples = np.pad(samples, ((0, 0), (n_fft // 2, n_fft // 2)), mode="reflect")
    starts = range(0, samples.shape[-1] - n_fft + 1, hop)
    frames = np.stack([samples[:, start : start + n_fft] for start in starts], axis=1)
    spectrum = np.abs(np.fft.rfft(frames * window)) ** step.get("power", 2)
    mels = spectrum @ mel_bank(step, sound.rate).T
    floored = np.maximum(mels, step.get("mel_floor", 1e-10))
    scaled = {
        "log": lambda: np.log(floored),
        "log10": lambda: np.log10(floored),
        "dB": lambda: 10 * np.log10(floored),
        None: lambda: mels,
    }[step.get("log_mel")]().astype(np.float32)
    return scaled if step.get("layout", "NFT") == "NTF" else scaled.transpose(0, 2, 1)


def mel_bank(step: dict, rate: int) -> np.ndarray:
    """torchaudio.functional.melscale_fbanks: [n_mels, frequencies]"""
    to_mel, to_hz = MEL_SCALES[step.get("mel_scale", "htk")]
    low, high = to_mel(step.get("f_min", 0)), to_mel(step.get("f_max", rate / 2))
    edges = to_hz(np.linspace(low, high, step["n_mels"] + 2))[:, np.newaxis]
    frequencies = np.linspace(0, rate // 2, step["n_fft"] // 2 + 1)
    rise = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(rise, fall))
    return bank * 2 / (edges[2:] - edges[:-2]) if step.get("norm") == "slaney" else bank


def slaney_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + np.log(hz / 1000) * 27 / np.log(6.4)


def slaney_hz(mels: np.ndarray) -> np.ndarray:
    return np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))


MEL_SCALES = {
    "htk": (lambda hz: 2595 * np.log10(1 + hz / 700), lambda mels: 700 * (10 ** (mels / 2595) - 1)),
    "slaney": (slaney_mel, slaney_hz),
}


def decode_text(file: Path, _step: dict, _spec: dict) -> str:
    return file.read_text("utf-8-sig")


def tokenize(text: str, step: dict, spec: dict) -> dict[str, np.ndarray]:
    """With the library that tokenizer.json is written for, in the package `tokenizers`; the file lies beside model.json."""
    from tokenizers import Tokenizer

    folder = Path(__file__).resolve().parent.parent
    tokenizer = Tokenizer.from_file(str(folder / spec["resources"][step["tokenizer"]]))
    tokenizer.enable_truncation(step["max_length"], stride=step.get("stride", 0))
    tokenizer.no_padding()
    first = tokenizer.encode(text)
    windows = [first, *first.overflowing] if "stride" in step else [first]
    names = [one["name"] for one in spec["inputs"]]
    longest = max(len(window.ids) for window in windows)
    multiple = step.get("pad_to_multiple_of", 16) if any("mask" in name for name in names) else 1
    length = min(-(-longest // multiple) * multiple, step["max_length"])
    pad = next((tokenizer.token_to_id(one) for one in PADDING if tokenizer.token_to_id(one) is not None), 0)
    for window in windows:
        window.pad(length, pad_id=pad)
    return {one["name"]: token_input(one, windows) for one in spec["inputs"]}


PADDING = ["[PAD]", "<pad>", "<|padding|>"]


def token_input(tensor: dict, windows: list) -> np.ndarray:
    name = tensor["name"].lower()
    is_type = "type" in name or "segment" in name
    part = "attention_mask" if "mask" in name else "type_ids" if is_type else "ids"
    values = np.array([getattr(window, part) for window in windows])
    return values.astype(np.int32 if tensor["datatype"] == "INT32" else np.int64)


def as_array(image: Image.Image | np.ndarray) -> np.ndarray:
    """H, W, C"""
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]


STEPS = {
    "decode-image": decode_image,
    "grayscale": grayscale,
    "resize": resize,
    "rescale": rescale,
    "normalize": normalize,
    "to-tensor": to_tensor,
    "crop-box": crop_box,
    "flip-channel-order": flip_channel_order,
    "center-crop": center_crop,
    "pad": pad,
    "defaults": defaults,
    "one-hot": one_hot,
    "scale": scale,
    "decode-audio": decode_audio,
    "mix-down": mix_down,
    "resample": resample,
    "frame": frame,
    "log-mel": log_mel,
    "decode-text": decode_text,
    "tokenize": tokenize,
}
