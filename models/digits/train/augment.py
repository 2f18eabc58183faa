"""Random distortions that make a scanned digit look as if a finger had drawn it on a canvas."""

import torch
from torch.nn.functional import affine_grid, grid_sample, max_pool2d

from topology import SIZE

ROTATION_RADIANS = 0.30  # ± 17°
SHEAR = 0.25
SCALE = (0.70, 1.25)  # of the whole digit; MNIST's fills 20 of the 28 pixels
ASPECT = 0.15  # width against height, ± 15 %
SHIFT_PIXELS = 3.5
LOWEST_INK = 0.7  # brightness of the faintest digit


def distort(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """f32 [n,1,28,28] in 0…1 → the same shape: each digit moved, scaled, turned, slanted, and its stroke changed."""
    return dim(change_stroke(move(pixels, random), random), random)


def move(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    n = len(pixels)
    angle = uniform(n, -ROTATION_RADIANS, ROTATION_RADIANS, random)
    shear = uniform(n, -SHEAR, SHEAR, random)
    scale = uniform(n, *SCALE, random)
    aspect = uniform(n, 1 - ASPECT, 1 + ASPECT, random)
    shift = uniform((n, 2, 1), -SHIFT_PIXELS, SHIFT_PIXELS, random) / (SIZE / 2)

    cos, sin = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
    slant = torch.stack([1 / (scale * aspect), shear / scale, torch.zeros(n), aspect / scale], 1).view(n, 2, 2)
    output_to_input = torch.cat([rotation @ slant, shift], 2)  # [n,2,3]
    grid = affine_grid(output_to_input, list(pixels.shape), align_corners=False)
    return grid_sample(pixels, grid, mode="bilinear", align_corners=False)


def change_stroke(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Blends each digit with its dilation (a thicker pen) or its erosion (a thinner one), by a random amount."""
    thick = max_pool2d(pixels, 3, stride=1, padding=1)
    thin = -max_pool2d(-pixels, 2, stride=1, padding=1)[:, :, :SIZE, :SIZE]
    amount = uniform((len(pixels), 1, 1, 1), -0.6, 0.8, random)
    return pixels + amount.clamp(min=0) * (thick - pixels) + (-amount).clamp(min=0) * (thin - pixels)


def dim(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Lowers the ink's brightness, then hardens the edge: a canvas line is flatter than a scanned one."""
    contrast = uniform((len(pixels), 1, 1, 1), 1.0, 2.0, random)
    ink = uniform((len(pixels), 1, 1, 1), LOWEST_INK, 1.0, random)
    return ((pixels - 0.5) * contrast + 0.5).clamp(0, 1) * ink


def uniform(shape: int | tuple[int, ...], low: float, high: float, random: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=random) * (high - low) + low
