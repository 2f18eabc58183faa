"""Trains the network and saves its weights: `train.py PACKAGE_DIR WEIGHTS.npz`.

Nothing is chosen by looking at the held-out digits: the weights are those after the last epoch.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from augment import distort
from data import Digits, read_digits
from network import DigitNetwork

SEED = 28
THREADS = 2  # part of the recipe: another count adds floats in another order
EPOCHS = 30
BATCH = 64
PEAK_LEARNING_RATE = 6e-3
WEIGHT_DECAY = 1e-2


def train(digits: Digits) -> DigitNetwork:
    random = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED)
    network = DigitNetwork()
    pixels, labels = torch.from_numpy(digits.pixels), torch.from_numpy(digits.labels)
    steps = EPOCHS * -(-len(labels) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, steps)

    for epoch in range(EPOCHS):
        total = 0.0
        for chosen in torch.randperm(len(labels), generator=random).split(BATCH):
            loss = cross_entropy(network(distort(pixels[chosen], random)), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch + 1:2d}  loss {total / len(labels):.4f}", flush=True)
    return network


@torch.no_grad()
def accuracy_when_distorted(network: DigitNetwork, held_out: Digits, repeats: int = 10) -> float:
    """Accuracy on held-out digits distorted as in training: a stand-in for drawn digits."""
    random = torch.Generator().manual_seed(SEED + 1)
    pixels, labels = torch.from_numpy(held_out.pixels), torch.from_numpy(held_out.labels)
    hits = [network(distort(pixels, random)).argmax(1) == labels for _ in range(repeats)]
    return torch.stack(hits).double().mean().item()


if __name__ == "__main__":
    package, output = map(Path, sys.argv[1:])
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    training, held_out = read_digits(package)
    started = time.monotonic()
    network = train(training)
    print(f"trained in {time.monotonic() - started:.0f} s")
    print(f"fp32, held out and distorted: {accuracy_when_distorted(network, held_out):.4f}")
    np.savez(output, **network.weights())
