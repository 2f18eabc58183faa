import math
import numpy as np
from reports import DAY, HOUR, WEEK, busiest


def silence(fleet, asked):
    lo, hi = asked["fromMs"], asked["toMs"]
    received = {at: len(fleet.by_hour[at]) for at in sorted(fleet.by_hour) if lo - 5 * WEEK <= at < hi}
    # clocks that are wrong put a few anywhere
    begin = next(at for at, n in received.items() if n >= np.median(list(received.values())) / 20)

    def usual(at):
        for step, times in ((WEEK, 4), (DAY, 6)):
            hours = [received.get(at - k * step, 0) for k in range(1, times + 1) if at - k * step >= begin]
            if hours: return sum(hours) / len(hours), sum(hours)
        return None, 0

    past = {at: usual(at) for at in range(lo - WEEK, hi, HOUR)}
    mean = {at: value for at, (value, _) in past.items()}
    first, last = (lo - 5 * WEEK) // DAY * DAY, -(-hi // DAY) * DAY
    devices = busiest(fleet.within(first, last), "version-day")
    log_ratio = lambda at: math.log((received.get(at, 0) + 0.5) / (mean[at] + 0.5))

    def of_hour(at):
        own, ratios = received.get(at, 0), [log_ratio(t) for t in range(at - WEEK, at, HOUR) if mean[t]]
        if mean[at] is None or len(ratios) < 12:
            nothing = {"value": None, "low": None, "high": None, "n": 0, "devices": devices}
            return {"atMs": at, "received": own, "expected": nothing, "fewest": None, "isSilent": False}
        level = np.median(ratios)
        expected = mean[at] * math.exp(level)
        deviation = math.hypot(1.4826 * np.median(np.abs(np.array(ratios) - level)), (expected + 0.5) ** -0.5)
        fewest = expected * min(0.5 if at - begin < WEEK else 1, math.exp(-4 * deviation))
        low, high = (max(0, (expected + 0.5) * math.exp(sign * 1.96 * deviation) - 0.5) for sign in (-1, 1))
        figure = {"value": expected, "low": low, "high": high, "n": past[at][1], "devices": devices}
        return {"atMs": at, "received": own, "expected": figure, "fewest": fewest, "isSilent": bool(own < fewest)}

    hours = [of_hour(at) for at in range(lo, hi, HOUR)]
    spoken = max((one["atMs"] for one in hours if not one["isSilent"]), default=lo - HOUR)
    return {"hours": hours, "silentSinceMs": spoken + HOUR if spoken + HOUR < hi else None}
