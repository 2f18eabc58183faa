"""The network in PyTorch, and its parameters as the plain arrays that the export starts from."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import dropout, relu

from topology import HIDDEN, LABELS, MIXES, PIECES, UNSEEN, WIDTH

# Shares of pieces, and of mixed numbers, that training leaves out.
DROPPED = 0.3


class SpamNetwork(nn.Module):
    def __init__(self, table: np.ndarray) -> None:
        super().__init__()
        self.pieces = nn.Embedding(PIECES, WIDTH, _weight=torch.from_numpy(table))
        self.hidden = nn.Linear(WIDTH, HIDDEN)
        self.scores = nn.Linear(HIDDEN, MIXES)
        self.mixed = nn.Linear(MIXES * WIDTH, HIDDEN)
        self.logits = nn.Linear(HIDDEN, len(LABELS))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self.training:
            mask = mask * self._kept(mask)
        vectors = self.pieces(ids)  # B,T,32
        scores = self.scores(torch.tanh(self.hidden(vectors)))  # B,T,4
        shares = torch.softmax(scores + (mask - 1)[..., None] * UNSEEN, dim=1)
        mixed = (shares.transpose(1, 2) @ vectors).flatten(1)  # B,128
        mixed = dropout(mixed, DROPPED, self.training)
        return self.logits(relu(self.mixed(mixed)))

    def _kept(self, mask: torch.Tensor) -> torch.Tensor:
        kept = torch.rand(mask.shape) > DROPPED
        kept[:, 0] = True  # so that something is left
        return kept

    def weights(self) -> dict[str, np.ndarray]:
        """f32: `pieces.weight` P,32, then O,I matrices and O biases."""
        return {name: parameter.detach().numpy() for name, parameter in self.named_parameters()}
