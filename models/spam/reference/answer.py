"""Held-out mails and short texts, and their labels without any TypeScript: `answer.py DIR`.

Writes DIR/items.json, and DIR/answers.json: by variant what onnxruntime makes of the pieces of SentencePiece's library.
Without the mails it ends with status 4.
"""

import json
import sys
from pathlib import Path

from classifier import VARIANTS, labels_of, open_model, open_pieces
from held_out import Missing, read_held_out
from short import SHORT

MISSING = 4


def main(folder: Path) -> None:
    items = [{"group": "mail", "truth": mail.label, "record": mail.text} for mail in read_held_out()]
    items += [{"group": "short", "truth": label, "record": text} for label, text in SHORT]
    (folder / "items.json").write_text(json.dumps(items))
    pieces = open_pieces()
    read = [pieces(item["record"]) for item in items]
    answers = {variant: labels_of(open_model(variant)(read)) for variant in VARIANTS}
    (folder / "answers.json").write_text(json.dumps(answers))


try:
    main(Path(sys.argv[1]))
except Missing as missing:
    print(missing, file=sys.stderr)
    sys.exit(MISSING)
