"""Writes golden.json, golden/ and baseline.json, the last of a hundred faces.

    apt-get install python3-numpy python3-onnxruntime python3-pil python3-skimage
    npm run build && /usr/bin/python3 models/faces/reference/make.py
"""

import tempfile
from pathlib import Path

from detector import make
from pictures import cut_out, photos

with tempfile.TemporaryDirectory() as folder:
    faces = {name: one for name, one in {**photos(), **cut_out()}.items() if one[2]}
    make(Path(__file__).resolve().parent.parent, Path(folder), faces)
