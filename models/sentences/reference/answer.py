"""Texts, and their vectors without any TypeScript: `answer.py DIR`.

Writes DIR/items.json, whose truths are what TensorFlow.js makes of the original graph, fed with the pieces of SentencePiece's
library, and DIR/answers.json: by variant what onnxruntime makes of the same pieces.
"""

import json
import sys
from pathlib import Path

from model import VARIANTS, open_model, open_pieces
from texts import TEXTS, embed_with_tensorflow

DECIMALS = 7


def main(folder: Path) -> None:
    pieces = open_pieces()
    read = [pieces(text) for text in TEXTS]
    truths = embed_with_tensorflow(read)
    items = [{"record": text, "truth": truth} for text, truth in zip(TEXTS, truths, strict=True)]
    (folder / "items.json").write_text(json.dumps(items))
    answers = {variant: open_model(variant)(read).astype(float).round(DECIMALS).tolist() for variant in VARIANTS}
    (folder / "answers.json").write_text(json.dumps(answers))


main(Path(sys.argv[1]))
