"""What the model is asked: the mails that training never saw, and short texts."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "train"))
from mails import Mail, Missing, read_mails  # noqa: E402, F401
from split import split  # noqa: E402


def read_held_out() -> list[Mail]:
    _, held_out = split(read_mails())
    return held_out
