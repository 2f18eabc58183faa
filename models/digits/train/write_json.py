"""Writes JSON that people can read too: two spaces, a list of plain values on one line."""

import json
import re
from pathlib import Path

PLAIN_LIST = re.compile(r"\[\s+([^][{}]*?)\s+\]")


def write_json(value: object, file: Path) -> None:
    text = json.dumps(value, indent=2)
    file.write_text(PLAIN_LIST.sub(lambda found: f"[{re.sub(r'\s+', ' ', found[1])}]", text) + "\n")
