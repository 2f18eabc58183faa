"""Writes golden.json, golden/ and baseline.json, the last of a few photos.

    apt-get install python3-numpy python3-onnxruntime python3-pil python3-skimage
    npm run build && /usr/bin/python3 models/things/reference/make.py
"""

import tempfile
from pathlib import Path

from pictures import photos

from detector import make  # after pictures.py, which says where it is

with tempfile.TemporaryDirectory() as folder:
    make(Path(__file__).resolve().parent.parent, Path(folder), photos())
