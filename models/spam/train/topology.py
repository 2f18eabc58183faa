"""The network's sizes, for PyTorch and for ONNX.

    ids B,T → table → vectors B,T,32 → tanh layer → 4 scores of each piece → a share of each piece for each of 4
    → 4 mixed vectors, B,128 → ReLU layer, 32 → logits B,2

Nothing depends on the order of pieces.
"""

PIECES = 8000
WIDTH = 32
HIDDEN = 32
MIXES = 4
LABELS = ["ham", "spam"]
# Far above any score, and within half floats.
UNSEEN = 1e4
