"""Trains the network and saves its weights: `train.py TRAINING.npz WEIGHTS.npz`.

Nothing is chosen by looking at the held-out mails: the weights are those after the last epoch.
"""

import math
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from network import SpamNetwork

SEED = 33
THREADS = 1  # part of the recipe: another count adds floats in another order
EPOCHS = 12
BATCH = 32
PEAK_LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-2
LABEL_SMOOTHING = 0.02
# Of a mail its beginning is read, or a run of so many pieces anywhere in it.
BEGINNING_SHARE = 0.4
LEAST_RUN, LONGEST_RUN = 10, 256
# Texts of about the same length share a batch.
LENGTH_STEP = 32

Text = tuple[np.ndarray, int]
"""Its pieces, and its label."""


def train(training: dict[str, np.ndarray]) -> SpamNetwork:
    chosen = random.Random(SEED)
    torch.manual_seed(SEED)
    network = SpamNetwork(training["table"])
    mails, short = texts_of(training, "mails"), texts_of(training, "short")
    epochs = EPOCHS * -(-(len(mails) + len(short)) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, epochs)
    for epoch in range(EPOCHS):
        runs = [(run_of(pieces, training["begins_word"], chosen), label) for pieces, label in mails]
        total = 0.0
        for batch in batches(runs + short, chosen):
            ids, mask, labels = as_tensors(batch)
            loss = cross_entropy(network(ids, mask), labels, label_smoothing=LABEL_SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"epoch {epoch + 1:2d}  loss {total / (len(runs) + len(short)):.4f}", flush=True)
    return network


def texts_of(training: dict[str, np.ndarray], name: str) -> list[Text]:
    ends = np.cumsum(training[f"{name}.lengths"])
    pieces = np.split(training[f"{name}.pieces"], ends[:-1])
    return list(zip(pieces, training[f"{name}.labels"].tolist(), strict=True))


def run_of(pieces: np.ndarray, begins_word: np.ndarray, chosen: random.Random) -> np.ndarray:
    """The beginning of a mail, or whole words from anywhere in it: forms are filled with less than mails."""
    if chosen.random() < BEGINNING_SHARE:
        return pieces[:LONGEST_RUN]
    length = int(math.exp(chosen.uniform(math.log(LEAST_RUN), math.log(LONGEST_RUN))))
    start = chosen.randrange(max(1, len(pieces) - length + 1))
    while start > 0 and not begins_word[pieces[start]]:
        start -= 1
    return pieces[start : start + length]


def batches(texts: list[Text], chosen: random.Random) -> list[list[Text]]:
    texts = sorted(texts, key=lambda text: (len(text[0]) // LENGTH_STEP, chosen.random()))
    found = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    chosen.shuffle(found)
    return found


def as_tensors(batch: list[Text]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    length = max(len(pieces) for pieces, _ in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    mask = torch.zeros(len(batch), length)
    for row, (pieces, _) in enumerate(batch):
        ids[row, : len(pieces)] = torch.from_numpy(pieces)
        mask[row, : len(pieces)] = 1
    return ids, mask, torch.tensor([label for _, label in batch])


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    with np.load(source) as stored:
        training = dict(stored)
    started = time.monotonic()
    network = train(training)
    print(f"trained in {time.monotonic() - started:.0f} s")
    np.savez(output, **network.weights())
