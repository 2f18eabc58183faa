"""The rows of scikit-learn's copy of the Breast Cancer Wisconsin (Diagnostic) data set, split once."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer

SEED = 20261126
HELD_OUT_EVERY = 5  # of a shuffled order: 114 of 569 rows
MALIGNANT = 1  # scikit-learn has it as 0


@dataclass(frozen=True)
class Split:
    names: list[str]
    """Of each column, from the training rows alone."""
    medians: list[float]
    """Of each column: twice the largest training value, beyond which a value is a slip."""
    ceilings: list[float]
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    test_index: np.ndarray


def read_split() -> Split:
    """Held-out rows are chosen before anything is trained, and no training row equals one of them."""
    data = load_breast_cancer()
    x, y = data.data, 1 - data.target
    order = np.random.default_rng(SEED).permutation(len(y))
    is_held_out = np.zeros(len(y), bool)
    is_held_out[order[::HELD_OUT_EVERY]] = True
    train_x, test_x = x[~is_held_out], x[is_held_out]
    seen = {row.tobytes() for row in train_x}
    assert not any(row.tobytes() in seen for row in test_x), "a held-out row is a training row too"
    return Split(
        names=[str(name) for name in data.feature_names],
        medians=[float(median) for median in np.median(train_x, axis=0)],
        ceilings=[float(f"{2 * value:.2g}") for value in train_x.max(axis=0)],
        train_x=train_x,
        train_y=y[~is_held_out],
        test_x=test_x,
        test_y=y[is_held_out],
        test_index=np.flatnonzero(is_held_out),
    )
