"""A network of one hidden layer, trained with features left out, and the threshold it decides at."""

from dataclasses import dataclass

import numpy as np
from data import SEED, Split
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

HIDDEN = 16
COPIES = 8  # of every training row, all but one with features left out
LEFT_OUT = 0.2
LEAST_SENSITIVITY = 0.975  # on training rows that the network has not seen
FOLDS = 5


@dataclass(frozen=True)
class Network:
    mean: np.ndarray
    scale: np.ndarray
    """By name in the ONNX file: [30, 16], [16], [16, 1], [1], f32."""
    weights: dict[str, np.ndarray]

    def scaled(self, rows: np.ndarray) -> np.ndarray:
        return ((rows - self.mean) / self.scale).astype(np.float32)

    def logits_of_scaled(self, rows: np.ndarray) -> np.ndarray:
        first, bias, second, last = self.weights.values()
        return np.maximum(rows @ first + bias, 0) @ second + last

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        return sigmoid(self.logits_of_scaled(self.scaled(rows)).astype(np.float64)[:, 0])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def train(split: Split) -> Network:
    return fit(split.train_x, split.train_y, np.array(split.medians))


def fit(x: np.ndarray, y: np.ndarray, medians: np.ndarray) -> Network:
    scaler = StandardScaler().fit(x)
    random = np.random.default_rng(SEED)
    rows = np.concatenate([x, *[leave_out(x, medians, random) for _ in range(COPIES - 1)]])
    classifier = MLPClassifier(
        hidden_layer_sizes=(HIDDEN,),
        alpha=0.1,
        max_iter=60,
        early_stopping=False,
        random_state=SEED % 2**31,
    )
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it stops after a fixed number of epochs, by intention
        classifier.fit(scaler.transform(rows), np.tile(y, COPIES))
    (first, second), (bias, last) = classifier.coefs_, classifier.intercepts_
    arrays = {"hidden.weight": first, "hidden.bias": bias, "logit.weight": second, "logit.bias": last}
    weights = {name: array.astype(np.float32) for name, array in arrays.items()}
    return Network(scaler.mean_, scaler.scale_, weights)


def leave_out(x: np.ndarray, medians: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As a device sees a record in which some features are missing."""
    return np.where(random.random(x.shape) < LEFT_OUT, medians, x)


def choose_threshold(split: Split) -> float:
    """The highest at which enough malignant rows are found, by networks that have not seen them."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED % 2**31)
    unseen = np.zeros(len(split.train_y))
    for fitting, left in folds.split(split.train_x, split.train_y):
        rows = split.train_x[fitting]
        network = fit(rows, split.train_y[fitting], np.median(rows, axis=0))
        unseen[left] = network.probabilities(split.train_x[left])
    malignant = np.sort(unseen[split.train_y == 1])
    missed = int((1 - LEAST_SENSITIVITY) * len(malignant))
    return float(f"{np.floor(malignant[missed] * 100) / 100:.2f}")
