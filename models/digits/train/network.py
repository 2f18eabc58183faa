"""The network in PyTorch, and its parameters as the plain arrays that every export starts from."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import max_pool2d, relu

from topology import BLOCKS, CLASSES, FEATURES


class DigitNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name, (inputs, outputs) in BLOCKS.items():
            self.add_module(name, nn.Conv2d(inputs, outputs, kernel_size=3, padding=1))
        self.logits = nn.Linear(int(np.prod(FEATURES)), CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in BLOCKS:
            x = max_pool2d(relu(self.get_submodule(name)(x)), 2)
        return self.logits(x.flatten(1))

    def weights(self) -> dict[str, np.ndarray]:
        """f32: `conv1.weight` O,I,H,W, `conv1.bias` O, and so on to `logits.weight` O,CHW."""
        return {name: parameter.detach().numpy() for name, parameter in self.named_parameters()}
