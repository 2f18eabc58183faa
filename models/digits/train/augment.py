"""Random distortions that make a scanned digit look as if a finger had drawn it on a canvas."""

import torch
from torch.nn.functional import affine_grid, grid_sample, max_pool2d

from topology import SIZE

ROTATION_RADIANS = 0.30  # ± 17°
SHEAR = 0.25
SCALE = (0.70, 1.25)  # of the whole digit; MNIST's fills 20 of the 28 pixels
ASPECT = 0.15  # width against height, ± 15 %
SHIFT_PIXELS = 3.5
STROKE = (-0.6, 0.8)  # −1 takes a pixel off the line, 1 adds one on either side
CONTRAST = (1.0, 2.0)
INK = (0.7, 1.0)  # brightness of the line


def distort(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """f32 [n,1,28,28] in 0…1 → the same shape, every digit distorted in its own way."""
    return change_ink(change_stroke(move(pixels, random), random), random)


def move(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    n = len(pixels)
    angle = uniform(n, -ROTATION_RADIANS, ROTATION_RADIANS, random)
    shear = uniform(n, -SHEAR, SHEAR, random)
    scale = uniform(n, *SCALE, random)
    aspect = uniform(n, 1 - ASPECT, 1 + ASPECT, random)
    shift = uniform((n, 2, 1), -SHIFT_PIXELS, SHIFT_PIXELS, random) / (SIZE / 2)

    cos, sin = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
    slant = torch.stack([1 / aspect, shear, torch.zeros(n), aspect], 1).view(n, 2, 2)
    output_to_input = torch.cat([rotation @ slant / scale.view(n, 1, 1), shift], 2)  # n,2,3
    grid = affine_grid(output_to_input, list(pixels.shape), align_corners=False)
    return grid_sample(pixels, grid, mode="bilinear", align_corners=False)


def change_stroke(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Blends each digit with its dilation (a thicker pen) or its erosion (a thinner one)."""
    thick = max_pool2d(pixels, 3, stride=1, padding=1)
    thin = -max_pool2d(-pixels, 2, stride=1, padding=1)[:, :, :SIZE, :SIZE]
    amount = uniform((len(pixels), 1, 1, 1), *STROKE, random)
    return pixels + torch.where(amount > 0, amount * (thick - pixels), -amount * (thin - pixels))


def change_ink(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Flattens the line, as a canvas draws it and a scanner does not, and lowers its brightness."""
    contrast = uniform((len(pixels), 1, 1, 1), *CONTRAST, random)
    ink = uniform((len(pixels), 1, 1, 1), *INK, random)
    return ((pixels - 0.5) * contrast + 0.5).clamp(0, 1) * ink


def uniform(
    shape: int | tuple[int, ...], low: float, high: float, random: torch.Generator
) -> torch.Tensor:
    return torch.rand(shape, generator=random) * (high - low) + low
