"""What a classifier did on sample images when it was released: the content of baseline.json.

A bin holds low ≤ value < high; the last one also holds its upper edge. Entropy is in nats, from 0
(certain) to ln of the number of classes. `classes` counts predictions. `correct` is empty when the
samples have no labels.
"""

import sys

import numpy as np


def predicts(spec: dict) -> bool:
    return any(step["step"] in ("top-k", "decide") for step in spec["postprocessing"])


def baseline(spec: dict, logits: np.ndarray, labels: list[str]) -> dict:
    """`logits` [n, classes]; `labels` of all n, or none."""
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
    tiny = np.finfo(np.float64).tiny  # 0 · log 0 is 0
    entropy = -(scores * np.log(np.maximum(scores, tiny))).sum(axis=1)
    confidence_edges = [bin / 10 for bin in range(11)]
    entropy_edges = [round(bin / 10 * float(np.log(scores.shape[1])), 4) for bin in range(11)]
    correct = confidence[is_correct(predicted, labels, set(names.values()))]
    return {
        "format": 1,
        "n": len(predicted),
        "confidence": {
            "edges": confidence_edges,
            "counts": count(confidence, confidence_edges),
            "correct": count(correct, confidence_edges) if labels else [],
        },
        "entropy": {"edges": entropy_edges, "counts": count(entropy, entropy_edges)},
        "classes": {name: predicted.count(name) for name in sorted(set(predicted))},
    }


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
