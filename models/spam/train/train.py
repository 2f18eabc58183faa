"""Finds a weight for each piece of words: `train.py WEIGHTS.npz`.

A text's score is the sum of the weights of its pieces, each counted once, over the root of their number, and a bias: logistic
regression. It has one best answer, so nothing is drawn here but the parts of mails.
"""

import math
import random
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags

from mails import read_mails
from short_texts import training_texts
from split import split

sys.path.append(str(Path(__file__).resolve().parents[1] / "reference"))
from classifier import TOKENIZE, VOCABULARY, open_pieces  # noqa: E402

SEED = 33
# Forms are filled with less than mails: of each mail so many runs of pieces, between so many.
RUNS, LEAST_RUN, LONGEST_RUN = 2, 10, 256
# What a run and a short text count beside a mail.
RUN_WEIGHT, SHORT_WEIGHT = 0.1, 0.5
# What the mistakes of a mail cost beside the squares of weights.
COST = 50
# So that numbers are about as large as those of texts of length 1.
TYPICAL_RARITY = 4
ITERATIONS = 500

Texts = list[tuple[str, list[int]]]
"""Label and pieces of each."""


def train(mails: Texts, runs: Texts, short: Texts) -> dict[str, np.ndarray]:
    texts = [*mails, *runs, *short]
    weights = np.repeat([1, RUN_WEIGHT, SHORT_WEIGHT], [len(mails), len(runs), len(short)])
    signs = np.array([1.0 if label == "spam" else -1.0 for label, _ in texts])
    seen = presence(texts)
    # Rare pieces tell more: their weights cost less.
    rarity = np.log(len(mails) / (1 + np.asarray((seen[: len(mails)] > 0).sum(axis=0)).ravel())) / TYPICAL_RARITY
    found = regress(seen @ diags(rarity), signs, COST * weights)
    return {"pieces": (rarity * found[:-1]).astype(np.float32), "bias": found[-1:].astype(np.float32)}


def presence(texts: Texts) -> csr_matrix:
    """For each text the pieces that it has, 1 over the root of their number."""
    sets = [sorted(set(pieces[: TOKENIZE["max_length"]])) for _, pieces in texts]
    values = np.concatenate([np.full(len(one), len(one) ** -0.5) for one in sets])
    starts = np.cumsum([0, *map(len, sets)])
    return csr_matrix((values, np.concatenate(sets), starts), shape=(len(sets), len(VOCABULARY)))


def regress(seen: csr_matrix, signs: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """A weight for each column, and the bias."""

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margins = signs * (seen @ weights[:-1] + weights[-1])
        slopes = -signs * costs / (1 + np.exp(margins))
        value = costs @ np.logaddexp(0, -margins) + weights[:-1] @ weights[:-1] / 2
        return value, np.append(seen.T @ slopes + weights[:-1], slopes.sum())

    start = np.zeros(seen.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    print(f"{found.nit} steps to a loss of {found.fun:.1f}: {found.message}")
    return found.x


def runs_of(mails: Texts) -> Texts:
    chosen = random.Random(SEED)
    return [(label, run_of(pieces, chosen)) for label, pieces in mails for _ in range(RUNS)]


def run_of(pieces: list[int], chosen: random.Random) -> list[int]:
    """Whole words from anywhere in a text."""
    length = int(math.exp(chosen.uniform(math.log(LEAST_RUN), math.log(LONGEST_RUN))))
    start = chosen.randrange(max(1, len(pieces) - length + 1))
    while start > 0 and not VOCABULARY[pieces[start]].startswith("▁"):
        start -= 1
    return pieces[start : start + length]


if __name__ == "__main__":
    training, _ = split(read_mails())
    pieces = open_pieces()
    mails = [(mail.label, pieces(mail.text)) for mail in training]
    short = [(label, pieces(text)) for label, text in training_texts()]
    np.savez(sys.argv[1], **train(mails, runs_of(mails), short))
