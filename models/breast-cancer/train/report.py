"""What the network does on rows that it has not seen: figures for the card."""

import numpy as np
from data import SEED, Split
from network import Network, leave_out


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
