"""What a classifier did on samples when it was released: the content of baseline.json.

A bin holds low ≤ value < high; the last one also holds its upper edge. `class` counts predictions, and
`correct` is there when the samples have labels.
"""

import sys

import numpy as np

MAX_DISTRIBUTIONS, MAX_LABELS = 16, 31
# Bins of what devices note, as in src/drafting/empty-baseline.ts.
EDGES = {
    "confidence": [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1],
    "boxes": [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144],
    "masked": [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    "megapixels": [0, 0.01, 0.1, 0.3, 1, 3, 6, 12, 24, 50],
    "aspect": [0, 0.5, 0.6, 0.7, 0.8, 0.95, 1.05, 1.25, 1.4, 1.6, 2, 10],
    "brightness": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    "contrast": [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5],
    "level": [-100, -60, -50, -40, -35, -30, -25, -20, -15, -10, 0],
    "tokens": [0, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096],
    "unknown": [0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    "clipped": [0, 0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
}


def predicts(spec: dict) -> bool:
    return any(step["step"] in ("top-k", "decide") for step in spec["postprocessing"])


def baseline(
    spec: dict, logits: np.ndarray, labels: list[str], seen: dict[str, list] | None = None
) -> dict:
    """`logits` [n, classes]; `labels` of all n, or none; `seen` as `preprocess` of steps.py notes it."""
    scores, answers = logits.astype(np.float64), None
    for step in spec["postprocessing"]:
        if step["step"] in SCORE_STEPS:
            scores = SCORE_STEPS[step["step"]](scores, step)
        elif step["step"] == "decide":
            scores, answers = decide(scores, step)
        names = step.get("id2label", {})
    answers = scores.argmax(axis=1) if answers is None else answers
    confidence = scores.max(axis=1)
    predicted = [names.get(str(index), str(index)) for index in answers]
    correct = confidence[is_correct(predicted, labels, set(names.values()))]
    sure = of_numbers("confidence", "score", confidence)
    if labels:
        sure["correct"] = count(correct, EDGES["confidence"])
    known = sorted(set(names.values()), key=lambda name: (-predicted.count(name), name))
    answered = of_labels("class", "output", predicted, known)
    inputs = [of_input(name, values, spec) for name, values in (seen or {}).items()]
    distributions = [sure, answered, *(one for one in inputs if one)]
    return {"format": 2, "n": len(predicted), "distributions": distributions[:MAX_DISTRIBUTIONS]}


def of_input(name: str, values: list, spec: dict) -> dict | None:
    """One of what steps note of inputs; none for a number without a range."""
    if name in EDGES:
        return of_numbers(name, "input", np.array(values))
    feature = next(one for one in spec["features"] if f"feature:{one['name']}" == name)
    if feature["type"] == "category":
        return of_labels(name, "input", values, feature["categories"])
    if feature["type"] == "boolean":
        return of_labels(name, "input", [str(value).lower() for value in values], ["false", "true"])
    if "range" not in feature:
        return None
    low, high = feature["range"]
    edges = [low + i * (high - low) / 10 for i in range(11)]
    return of_numbers(name, "input", np.array(values), edges)


def of_numbers(name: str, kind: str, values: np.ndarray, edges: list[float] | None = None) -> dict:
    edges = edges or EDGES[name]
    return {"name": name, "kind": kind, "edges": edges, "counts": count(values, edges)}


def of_labels(name: str, kind: str, values: list[str], known: list[str]) -> dict:
    """The last count is of all others."""
    labels = list(known)[:MAX_LABELS]
    counts = [values.count(label) for label in labels]
    return {"name": name, "kind": kind, "labels": labels, "counts": [*counts, len(values) - sum(counts)]}


def is_correct(predicted: list[str], labels: list[str], known: set[str]) -> list[bool]:
    if not labels:
        return [False] * len(predicted)
    if len(labels) != len(predicted) or not set(labels) <= known:
        unknown = ", ".join(sorted(set(labels) - known)) or "files beside the labelled folders"
        sys.exit(f"--inputs: expected every file as <label>/<file>, a label of id2label; got {unknown}")
    return [a == b for a, b in zip(predicted, labels, strict=True)]


def decide(scores: np.ndarray, step: dict) -> tuple[np.ndarray, np.ndarray]:
    """Scores of all classes, and the class that is decided for. One score is the positive one's of two."""
    positive = step.get("positive", 1)
    if scores.shape[1] == 1:
        scores = np.concatenate([1 - scores, scores][:: 1 if positive == 1 else -1], axis=1)
    others = scores.copy()
    others[:, positive] = -np.inf
    return scores, np.where(scores[:, positive] >= step["threshold"], positive, others.argmax(axis=1))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


SCORE_STEPS = {
    "softmax": lambda scores, _step: softmax(scores),
    "sigmoid": lambda scores, _step: 1 / (1 + np.exp(-scores)),
    "temperature": lambda scores, step: scores / step["temperature"],
}


def count(values: np.ndarray, edges: list[float]) -> list[int]:
    clipped = np.clip(values, edges[0], edges[-1])  # as devices put outliers in the outer bins
    return np.histogram(clipped, edges)[0].tolist()
