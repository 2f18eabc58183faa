"""Reads text in pictures as model.json says, with Pillow, OpenCV and pyclipper, and none of our steps."""

import json
import math
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import onnxruntime
import pyclipper
from PIL import Image, ImageOps

FOLDER = Path(__file__).resolve().parent.parent
SPEC = json.loads((FOLDER / "model.json").read_text())
STAGES = {stage["name"]: stage for stage in SPEC["stages"]}


def step(stage: str, name: str) -> dict:
    both = STAGES[stage]["preprocessing"] + STAGES[stage]["postprocessing"]
    return next(one for one in both if one["step"] == name)


class Line(NamedTuple):
    points: np.ndarray  # [4, 2], from the upper left, clockwise
    text: str
    score: float


class Reader:
    """One variant of the model."""

    def __init__(self, variant: str) -> None:
        files = next(one for one in SPEC["variants"] if one["name"] == variant)["stages"]
        self.detector = open_model(FOLDER / files["detect"]["files"][0])
        self.recognizer = open_model(FOLDER / files["recognize"]["files"][0])
        keys = (FOLDER / STAGES["recognize"]["resources"]["keys"]).read_text("utf8").split("\n")
        self.symbols = ["", *keys, " "]

    def read(self, file: Path) -> list[Line]:
        with Image.open(file) as opened:
            picture = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
        lines = [self.line(picture, box) for box in self.boxes(picture)]
        least = step("recognize", "reading-order")["min_score"]
        return in_reading_order([one for one in lines if one.text and one.score >= least])

    def boxes(self, picture: np.ndarray) -> list[np.ndarray]:
        (probabilities,) = self.detector.run(None, {"x": detector_input(picture)})
        found = text_boxes(probabilities[0, 0], (picture.shape[1], picture.shape[0]), step("detect", "text-boxes"))
        return [box for box, _ in found]

    def line(self, picture: np.ndarray, box: np.ndarray) -> Line:
        (probabilities,) = self.recognizer.run(None, {"x": recognizer_input(cut_out(picture, box))})
        within = np.clip(box, 0, [picture.shape[1] - 1, picture.shape[0] - 1])
        return Line(within, *self.decoded(probabilities[0]))

    def decoded(self, probabilities: np.ndarray) -> tuple[str, float]:
        best = probabilities.argmax(1)
        kept = [i for i, one in enumerate(best) if one != 0 and (i == 0 or one != best[i - 1])]
        score = float(np.mean([probabilities[i, best[i]] for i in kept])) if kept else 0.0
        return "".join(self.symbols[best[i]] for i in kept).strip(), score


def open_model(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def detector_input(picture: np.ndarray) -> np.ndarray:
    """[H, W, 3] → [1, 3, H', W'], blue first, its edges multiples of 32."""
    wanted = step("detect", "resize")
    height, width = picture.shape[:2]
    larger = max(1, wanted["size"]["min_shortest_edge"] / min(height, width))
    scale = min(larger, wanted["size"]["max_longest_edge"] / max(height, width))
    of = wanted["ensure_multiple_of"]
    size = [max(of, round(int(side * scale) / of) * of) for side in (width, height)]
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    normal = step("detect", "normalize")
    floats = resized[:, :, ::-1].astype(np.float32) / np.float32(255)
    floats = (floats - np.float32(normal["image_mean"])) / np.float32(normal["image_std"])
    return np.ascontiguousarray(floats.transpose(2, 0, 1)[np.newaxis])


def recognizer_input(crop: np.ndarray) -> np.ndarray:
    """[H, W, 3] → [1, 3, 48, W'], blue first."""
    size = step("recognize", "resize")["size"]
    width = min(math.ceil(size["height"] * crop.shape[1] / crop.shape[0]), size["max_width"])
    resized = cv2.resize(crop, (width, size["height"]), interpolation=cv2.INTER_LINEAR)
    floats = (resized[:, :, ::-1].astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
    pad = step("recognize", "pad")["pad_size"]
    padded = np.zeros((size["height"], max(width, pad["width"]), 3), np.float32)
    padded[:, :width] = floats
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[np.newaxis])


class Part(NamedTuple):
    """A region of text, in pixels of the map."""

    corners: np.ndarray  # [4, 2] of the rectangle around it
    area: float  # less than the rectangle's where the region bends
    score: float

    @property
    def length(self) -> float:
        return max(sides(self.corners))


def text_boxes(bitmap: np.ndarray, picture: tuple[int, int], options: dict) -> list[tuple[np.ndarray, float]]:
    """[H, W] of probabilities → boxes in a picture of that width and height, and their scores.

    The post-processing of Differentiable Binarization, outer outlines alone, and lines joined of their parts.
    """
    ratio = options["unclip_ratio"]
    parts = []
    for points, pixels in regions(bitmap > options["threshold"]):
        box, side = mini_box(points)
        if side < 3 or (score := mean_within(bitmap, box)) < options["box_threshold"]:
            continue
        part = Part(box, min(pixels, float(np.prod(sides(box)))), score)
        grown = grow([part], ratio)
        if min(sides(grown)) >= 5:
            parts.append((part, grown))
    found = []
    for line in lines_of([grown for _, grown in parts]):
        box = parts[line[0]][1] if len(line) == 1 else joined([parts[i] for i in line], ratio)
        corners = np.round(box * np.divide(picture, bitmap.shape[::-1]))
        if min(int(np.linalg.norm(corners[0] - corners[i])) for i in (1, 3)) > 3:
            found.append((corners.astype(np.float32), min(parts[i][0].score for i in line)))
    return found


def regions(is_text: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Points of each outer outline, and the number of pixels."""
    count, names, stats, _ = cv2.connectedComponentsWithStats(is_text.astype(np.uint8), connectivity=8)
    found = []
    for i in range(1, count):
        left, top, width, height, pixels = (int(one) for one in stats[i])
        alone = (names[top : top + height, left : left + width] == i).astype(np.uint8)
        outlines, _ = cv2.findContours(
            alone, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(left, top)
        )
        found.append((outlines[0], pixels))
    return found


def joined(parts: list[tuple[Part, np.ndarray]], ratio: float) -> np.ndarray:
    """The rectangle around the parts, grown as one of them would be, and around their boxes."""
    grown = grow([part for part, _ in parts], ratio)
    return mini_box(np.concatenate([grown, *(box for _, box in parts)]))[0]


def grow(parts: list[Part], ratio: float) -> np.ndarray:
    """By area · ratio / perimeter, as if the gaps between parts were as thick as these are."""
    box = parts[0].corners if len(parts) == 1 else mini_box(np.concatenate([part.corners for part in parts]))[0]
    thickness = sum(part.area for part in parts) / sum(part.length for part in parts)
    distance = thickness * max(sides(box)) * ratio / (2 * sum(sides(box)))
    offset = pyclipper.PyclipperOffset()
    offset.AddPath([[int(x), int(y)] for x, y in box], pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    (outline,) = offset.Execute(distance)
    return mini_box(np.array(outline).reshape(-1, 1, 2))[0]


def lines_of(boxes: list[np.ndarray]) -> list[list[int]]:
    """Which boxes are parts of one line, by their places in the list."""
    roots = list(range(len(boxes)))
    for i, box in enumerate(boxes):
        for j in range(i):
            if is_one_line(box, boxes[j]):
                kept, left_out = sorted((roots[i], roots[j]))
                roots = [kept if root == left_out else root for root in roots]
    return [[i for i, root in enumerate(roots) if root == first] for first in sorted(set(roots))]


def is_one_line(one: np.ndarray, other: np.ndarray) -> bool:
    """They share half of the taller one's height, with less than the lower one's between them."""
    along = max((reading_side(one), reading_side(other)), key=np.linalg.norm)
    along = along / np.linalg.norm(along)
    (starts, ends), (tops, bottoms) = (
        np.transpose([((box @ axis).min(), (box @ axis).max()) for box in (one, other)])
        for axis in (along, np.array([-along[1], along[0]]))
    )
    heights = bottoms - tops
    return min(bottoms) - max(tops) > 0.5 * max(heights) and max(starts) - min(ends) < min(heights)


def reading_side(box: np.ndarray) -> np.ndarray:
    """The side that text runs along."""
    return box[3] - box[0] if is_upright(*sides(box)) else box[1] - box[0]


def is_upright(width: float, height: float) -> bool:
    return height / width >= 1.5


def sides(box: np.ndarray) -> tuple[float, float]:
    return float(np.linalg.norm(box[1] - box[0])), float(np.linalg.norm(box[3] - box[0]))


def mini_box(points: np.ndarray) -> tuple[np.ndarray, float]:
    rectangle = cv2.minAreaRect(points)
    corners = sorted(cv2.boxPoints(rectangle).tolist(), key=lambda point: point[0])
    left = sorted(corners[:2], key=lambda point: point[1])
    right = sorted(corners[2:], key=lambda point: point[1])
    return np.array([left[0], right[0], right[1], left[1]], np.float32), min(rectangle[1])


def mean_within(bitmap: np.ndarray, box: np.ndarray) -> float:
    limits = np.array([bitmap.shape[1] - 1, bitmap.shape[0] - 1])
    low = np.clip(np.floor(box.min(0)).astype(int), 0, limits)
    high = np.clip(np.ceil(box.max(0)).astype(int), 0, limits)
    mask = np.zeros((high - low + 1)[::-1], np.uint8)
    cv2.fillPoly(mask, (box - low).reshape(1, -1, 2).astype(np.int32), 1)
    return cv2.mean(bitmap[low[1] : high[1] + 1, low[0] : high[0] + 1], mask)[0]


def cut_out(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    width = max(1, int(max(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[2] - box[3]))))
    height = max(1, int(max(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[1] - box[2]))))
    upright = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    crop = cv2.warpPerspective(
        picture,
        cv2.getPerspectiveTransform(box, upright),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
        flags=cv2.INTER_CUBIC,
    )
    return np.rot90(crop) if is_upright(width, height) else crop


def in_reading_order(lines: list[Line]) -> list[Line]:
    """Rows from top to bottom: beside each other are lines that overlap by half in height and not in width."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: (middle(one), left(one))):
        if rows and any(is_beside(other, line) for other in rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=left)]


def middle(line: Line) -> float:
    return float(line.points[:, 1].min() + line.points[:, 1].max()) / 2


def left(line: Line) -> float:
    return float(line.points[:, 0].min())


def is_beside(one: Line, other: Line) -> bool:
    return overlap(one, other, 1) > 0.5 and overlap(one, other, 0) < 0.5


def overlap(one: Line, other: Line, axis: int) -> float:
    starts = [line.points[:, axis].min() for line in (one, other)]
    ends = [line.points[:, axis].max() for line in (one, other)]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    return (min(ends) - max(starts)) / min(lengths)
