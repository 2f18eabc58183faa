"""Prints every variant's held-out accuracy and size: `evaluate.py PACKAGE_DIR MODEL_DIR`."""

import json
import sys
from pathlib import Path

from data import read_digits
from variants import open_variants

LOWEST_ACCURACY = 0.98

if __name__ == "__main__":
    package, folder = map(Path, sys.argv[1:])
    _, held_out = read_digits(package)
    spec = json.loads((folder / "model.json").read_text())
    files = {variant["name"]: variant["files"] for variant in spec["variants"]}
    for name, run in open_variants(folder).items():
        right = int((run(held_out.pixels).argmax(axis=1) == held_out.labels).sum())
        size = sum((folder / file).stat().st_size for file in files[name])
        print(f"{name:6}{right} of {len(held_out.labels)} held-out digits right, {size:,} bytes")
        assert right >= LOWEST_ACCURACY * len(held_out.labels), f"{name} is below {LOWEST_ACCURACY}"
