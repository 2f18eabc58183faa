"""Short descriptions of Debian's packages to find the long ones by: `answer-search.py DIR`.

Writes DIR/items.json, 2,000 long descriptions and the short ones of the first 500, and DIR/answers.json: what onnxruntime
makes of them with fp32, which other variants are held against, too. Without Debian's archive it ends with status 4.
"""

import json
import sys
from pathlib import Path

from descriptions import Missing, read_descriptions
from model import VARIANTS, open_model, open_pieces

DOCUMENTS, QUERIES = 2000, 500
MISSING = 4
DECIMALS = 6


def main(folder: Path) -> None:
    described = read_descriptions(DOCUMENTS)
    items = [{"record": long, "group": "document", "truth": place} for place, (_, long) in enumerate(described)]
    items += [{"record": short, "group": "query", "truth": place} for place, (short, _) in enumerate(described[:QUERIES])]
    (folder / "items.json").write_text(json.dumps(items))
    pieces = open_pieces()
    vectors = open_model("fp32")([pieces(item["record"]) for item in items])
    answer = vectors.astype(float).round(DECIMALS).tolist()
    (folder / "answers.json").write_text(json.dumps(dict.fromkeys(VARIANTS, answer)))


try:
    main(Path(sys.argv[1]))
except Missing as missing:
    print(missing, file=sys.stderr)
    sys.exit(MISSING)
