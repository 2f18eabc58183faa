import math
import numpy as np
from reports import DAY, HOUR, WEEK


def silence(fleet, asked):
    lo, hi = asked["fromMs"], asked["toMs"]
    received = {at: len(fleet.by_hour[at]) for at in sorted(fleet.by_hour) if lo - 5 * WEEK <= at < hi}
    # clocks that are wrong put a few anywhere
    begin = next(at for at, n in received.items() if n >= np.median(list(received.values())) / 20)

    def usual(at):
        for step, times in ((WEEK, 4), (DAY, 6)):
            past = [received.get(at - k * step, 0) for k in range(1, times + 1) if at - k * step >= begin]
            if past: return sum(past) / len(past)

    mean = {at: usual(at) for at in range(lo - WEEK, hi, HOUR)}
    log_ratio = lambda at: math.log((received.get(at, 0) + 0.5) / (mean[at] + 0.5))

    def of_hour(at):
        own, ratios = received.get(at, 0), [log_ratio(t) for t in range(at - WEEK, at, HOUR) if mean[t]]
        if mean[at] is None or len(ratios) < 12: return {"atMs": at, "received": own, "expected": None, "low": None, "isSilent": False}
        level = np.median(ratios)
        expected = mean[at] * math.exp(level)
        deviation = math.hypot(1.4826 * np.median(np.abs(np.array(ratios) - level)), (expected + 0.5) ** -0.5)
        low = expected * min(0.5 if at - begin < WEEK else 1, math.exp(-4 * deviation))
        return {"atMs": at, "received": own, "expected": expected, "low": low, "isSilent": bool(own < low)}

    hours = [of_hour(at) for at in range(lo, hi, HOUR)]
    spoken = max((one["atMs"] for one in hours if not one["isSilent"]), default=lo - HOUR)
    return {"hours": hours, "silentSinceMs": spoken + HOUR if spoken + HOUR < hi else None}
