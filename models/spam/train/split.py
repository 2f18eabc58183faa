"""Which mails are held out: whole groups of mails that belong together, by a hash of what the group says.

Two mails belong together where one answers the other, where their subjects are the same, or where they share half of their
runs of four words. So neither an answer of a thread nor another copy of an advertisement is on both sides.
"""

import hashlib
import re
from collections import defaultdict

from mails import Mail

HELD_OUT = 1000
RUN = 4
SHARED = 0.5
# Runs of so many mails say nothing of two.
COMMON = 40
# Fewer runs are of a line that anybody writes ("Thanks for the quick answer").
LEAST_RUNS = 8
# Shorter subjects ("hi") are of mails that have nothing else in common.
LEAST_SUBJECT = 10


def split(mails: list[Mail]) -> tuple[list[Mail], list[Mail]]:
    """Those to train on, and those held out; of several with the same words the first alone."""
    mails = without_copies(mails)
    training, held_out = [], []
    for group in sorted(groups_of(mails), key=digest):
        room = HELD_OUT - len(held_out)
        (held_out if len(group) <= min(room, HELD_OUT // 20) else training).extend(group)
    if len(held_out) != HELD_OUT:
        raise ValueError(f"expected {HELD_OUT} mails to hold out, got {len(held_out)}")
    return training, held_out


def without_copies(mails: list[Mail]) -> list[Mail]:
    first: dict[str, Mail] = {}
    for mail in mails:
        words = " ".join(words_of(mail.text))
        if words:
            first.setdefault(words, mail)
    return list(first.values())


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def digest(group: list[Mail]) -> str:
    return hashlib.sha256(min(" ".join(words_of(mail.text)) for mail in group).encode()).hexdigest()


def groups_of(mails: list[Mail]) -> list[list[Mail]]:
    leaders = list(range(len(mails)))

    def leader(place: int) -> int:
        while leaders[place] != place:
            leaders[place] = leaders[leaders[place]]
            place = leaders[place]
        return place

    for one, other in pairs(mails):
        leaders[leader(other)] = leader(one)
    groups = defaultdict(list)
    for place, mail in enumerate(mails):
        groups[leader(place)].append(mail)
    return list(groups.values())


def pairs(mails: list[Mail]):
    seen: dict[str, int] = {}
    for place, mail in enumerate(mails):
        subject = " ".join(words_of(mail.subject))
        keys = [*mail.references, *([f"subject {subject}"] if len(subject) >= LEAST_SUBJECT else [])]
        for key in keys:
            yield seen.setdefault(key, place), place
    yield from alike(mails)


def alike(mails: list[Mail]):
    runs = [runs_of(mail.text) for mail in mails]
    by_run = defaultdict(list)
    for place, of in enumerate(runs):
        for run in of:
            by_run[run].append(place)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for places in by_run.values():
        if len(places) <= COMMON:
            for i, other in enumerate(places):
                for one in places[:i]:
                    shared[one, other] += 1
    for (one, other), count in shared.items():
        if count >= SHARED * max(LEAST_RUNS, min(len(runs[one]), len(runs[other]))):
            yield one, other


def runs_of(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))}
