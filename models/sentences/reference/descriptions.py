"""Debian's packages: what each is in a line, and in a paragraph. They are read from its archive, and kept nowhere."""

import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

HELPER = "/usr/lib/apt/apt-helper"
# Shorter ones say less than the line.
LEAST_CHARACTERS = 100
LIMIT_S = 120


class Missing(Exception):
    """There is no such archive here."""


def read_descriptions(count: int) -> list[tuple[str, str]]:
    """Short and long ones of so many packages, no two alike, in an order that no name decides."""
    found, seen = [], set()
    for name, short, long in sorted(_all(), key=lambda one: hashlib.sha256(one[0].encode()).hexdigest()):
        if len(long) < LEAST_CHARACTERS or short in seen or long in seen:
            continue
        seen.update((short, long))
        found.append((short, long))
        if len(found) == count:
            return found
    raise Missing(f"expected {count} descriptions of Debian's packages, got {len(found)}")


def _all() -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as lists:
        Path(lists, "partial").mkdir()
        options = [f"Dir::State::lists={lists}", "Acquire::Languages=en", "Acquire::IndexTargets::deb::Translations::DefaultEnabled=true"]
        _run("apt-get", *(word for option in options for word in ("-o", option)), "update")
        texts = [_run(HELPER, "cat-file", str(file)) for file in sorted(Path(lists).glob("*_Translation-en*"))]
    return [one for text in texts for one in map(_parse, text.split("\n\n")) if one]


def _run(*words: str) -> str:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=LIMIT_S).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"`{words[0]}` gave no descriptions of Debian's packages: {error}") from error


def _parse(paragraph: str) -> tuple[str, str, str] | None:
    name = re.search(r"^Package: (.*)$", paragraph, re.MULTILINE)
    description = re.search(r"^Description-en: (.*)\n((?: .*\n?)*)", paragraph, re.MULTILINE)
    if not name or not description:
        return None
    lines = (line.strip() for line in description[2].split("\n"))
    return name[1], description[1], " ".join(line for line in lines if line not in ("", "."))
