"""What the network does on rows that it has not seen: baseline.json, and figures for the card."""

import numpy as np
from data import SEED, Split
from network import Network, leave_out

CONFIDENCE_EDGES = [bin / 10 for bin in range(11)]
ENTROPY_EDGES = [round(bin / 10 * float(np.log(2)), 4) for bin in range(11)]


def baseline(split: Split, network: Network, threshold: float) -> dict:
    p = network.probabilities(split.test_x)
    both = np.stack([1 - p, p], axis=1)
    decided = (p >= threshold).astype(int)
    confidence = both.max(axis=1)
    tiny = np.finfo(np.float64).tiny  # 0 · log 0 is 0
    entropy = -(both * np.log(np.maximum(both, tiny))).sum(axis=1)
    return {
        "format": 1,
        "n": len(p),
        "confidence": {
            "edges": CONFIDENCE_EDGES,
            "counts": count(confidence, CONFIDENCE_EDGES),
            "correct": count(confidence[decided == split.test_y], CONFIDENCE_EDGES),
        },
        "entropy": {"edges": ENTROPY_EDGES, "counts": count(entropy, ENTROPY_EDGES)},
        "classes": {"benign": int((decided == 0).sum()), "malignant": int((decided == 1).sum())},
    }


def print_accuracy(split: Split, network: Network, threshold: float) -> None:
    random = np.random.default_rng(SEED)
    medians = np.array(split.medians)
    describe("whole records", split.test_y, network.probabilities(split.test_x) >= threshold)
    accuracies = []
    for _ in range(20):
        rows = leave_out(split.test_x, medians, random)
        accuracies.append(((network.probabilities(rows) >= threshold) == split.test_y).mean())
    print(f"a fifth of the features missing: accuracy {np.mean(accuracies):.3f} of 20 drawings")
    print(f"threshold {threshold}")


def describe(what: str, truth: np.ndarray, decided: np.ndarray) -> None:
    sensitivity = decided[truth == 1].mean()
    specificity = (~decided[truth == 0]).mean()
    print(
        f"{what}: accuracy {(decided == truth).mean():.3f}, sensitivity {sensitivity:.3f}, "
        f"specificity {specificity:.3f}, {len(truth)} held-out rows"
    )


def count(values: np.ndarray, edges: list[float]) -> list[int]:
    return np.histogram(values, edges)[0].tolist()
