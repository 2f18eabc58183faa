"""The sealed reports, and sums of them by cohort."""
import json
from collections import Counter, defaultdict
from types import SimpleNamespace
import numpy as np

C, HOUR, DAY, WEEK = 64, 3_600_000, 86_400_000, 604_800_000


def report(arrived, r):
    """What is counted of it. A device's clock that is over two minutes off is corrected."""
    off, health, total = arrived - r["sent"], r["health"], lambda counts: sum(counts.values())
    at = min(arrived, r["t0"] + (off if abs(off) > 120_000 else 0)) // HOUR * HOUR
    opens, latency = r.get("opens", {}), r.get("latency", {}).get("total", {"o": 0, "c": []})
    feedback = r.get("feedback", {})
    return SimpleNamespace(
        **{"experiment": "", **r["dimensions"]}, at=at, g=r["g"], first=r["first"],
        ok=health["ok"], failed=total(health.get("errors", {})), cold=sum(health.get("coldRuns", {"c": []})["c"]),
        bytes=health.get("bytesFetched", 0), busy=r.get("resource", {}).get("busyMs", 0),
        latency=(latency["o"] + 200, latency["c"]),  # bucket i of scale 3 at i + 200
        tried=opens.get("tried", 0), unopened=total(opens.get("failed", {})),
        updates={one["version"]: one for one in r.get("updates", [])}, outcomes=r.get("outcomes", {}),
        seen=r.get("drift", {"counts": [[], []]})["counts"], labels=feedback.get("byAge", []), unmatched=feedback.get("unmatched", 0))


class Fleet:
    def __init__(self, folder):
        read = lambda name: json.load(open(f"{folder}/{name}.json"))
        self.answers, (model,), self.prices = read("answers"), read("models")["models"], read("prices")
        self.known = {one["version"]: one for one in reversed(model["versions"])}
        self.by_hour = defaultdict(list)
        for line in open(f"{folder}/reports.jsonl"):
            one = report(*json.loads(line).values())
            self.by_hour[one.at].append(one)

    def within(self, lo, hi, **which):
        rows = (r for hour in range(lo, hi, HOUR) for r in self.by_hour.get(hour, ()))
        return [r for r in rows if all(getattr(r, key) == value for key, value in which.items())]

    def versions(self, lo, hi):
        """Those that reported on the days of a range, the newest first, with their devices on the busiest day."""
        lo, hi = lo // DAY * DAY, -(-hi // DAY) * DAY
        devices = {v: busiest(self.within(lo, hi, version=v), "version-day") for v in self.known}
        return [(v, devices[v]) for v in reversed(self.known) if devices[v]]


def firsts(rows, name):
    return sum(name in r.first for r in rows)


def busiest(rows, name):
    days = Counter(r.at // DAY for r in rows if name in r.first)
    return max(days.values(), default=0)


def table(rows, width, counts):
    """Of each cohort, counts by bin: `counts` gives the first bin and a list."""
    out = np.zeros((C, width))
    for r in rows:
        first, listed = counts(r)
        out[r.g, first : first + len(listed)] += listed
    return out


def sums(rows, pair):
    """Of each cohort, a part and the whole."""
    return table(rows, 2, lambda r: (0, pair(r))).T
