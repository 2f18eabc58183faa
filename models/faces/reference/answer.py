"""Writes pictures into a folder, and what Python finds in them: `answer.py DIR`.

    apt-get install python3-numpy python3-onnxruntime python3-pil python3-skimage
    npm run build && /usr/bin/python3 models/faces/reference/answer.py DIR
"""

import sys
from pathlib import Path

from detector import answer
from pictures import cut_out, photos

answer(Path(__file__).resolve().parent.parent, Path(sys.argv[1]), {**photos(), **cut_out()})
