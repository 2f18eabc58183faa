import math
import numpy as np
from estimates import figure, ratio, student
from reports import HOUR, busiest, sums, table

edge = lambda i: 2 ** ((i - 199) / 8)


def service(fleet, asked):
    lo, hi = asked["fromMs"], asked["toMs"]
    bound = round(math.log2(asked["targets"]["p95Ms"]) * 8) + 199
    return {"versions": [of_version(fleet, v, n, lo, hi, bound, asked["targets"]["successRate"]) for v, n in fleet.versions(lo, hi)]}


def of_version(fleet, version, devices, lo, hi, bound, success_rate):
    own, assigned = fleet.within(lo, hi, version=version), fleet.within(lo, hi, assigned=version)
    share = lambda pair: figure(ratio(*sums(own, pair)), devices)
    quiet = sums(assigned, lambda r: (("arm-day" in r.first) - ("arm-day-failed" in r.first), "arm-day" in r.first))
    latency = table(own, 600, lambda r: r.latency)
    success, within = sums(own, lambda r: (r.ok, r.ok + r.failed)), (latency[:, : bound + 1].sum(1), latency.sum(1))
    return {
        "version": version, "devices": devices,
        "madeByFew": {"success": missed_by_few(*success, devices, success_rate), "latency": missed_by_few(*within, devices, 0.95)},
        "success": share(lambda r: (r.ok, r.ok + r.failed)),
        "coldStarts": share(lambda r: (r.cold, r.ok)),
        "busy": share(lambda r: (r.busy, 300_000)),
        "errorFreeDevices": figure(ratio(*quiet), max(len(assigned) > 0, busiest(assigned, "arm-day"))),
        "perHour": sum(r.ok + r.failed for r in own) * HOUR / (hi - lo),
        "withinTarget": figure(ratio(latency[:, : bound + 1].sum(1), latency.sum(1)), devices),
        **{f"p{q}Ms": quantile(latency, q / 100, devices) for q in (50, 95, 99)},
    }


def missed_by_few(part, whole, devices, target):
    """Missed, and met without the four cohorts that miss most."""
    rest = np.sort(np.argsort(part - whole, kind="stable")[4:])
    missed = lambda part, whole: figure(ratio(part, whole), devices)["high"] is not None and figure(ratio(part, whole), devices)["high"] < target
    return bool(missed(part, whole) and not missed(part[rest], whole[rest]))


def quantile(latency, q, devices):
    """Woodruff's interval, to the outer bounds of the buckets."""
    n, ends = latency.sum(), np.cumsum(latency.sum(0))
    bucket = lambda q: int(np.searchsorted(ends, max(1, math.ceil(q * n))))
    i = bucket(q)
    _, variance, df, _ = ratio(latency[:, : i + 1].sum(1), latency.sum(1))
    far = student(df) * math.sqrt(max(variance, q * (1 - q) / n))
    value = 2 * edge(i) * edge(i - 1) / (edge(i) + edge(i - 1))
    low, high = edge(bucket(max(0, q - far)) - 1), edge(bucket(min(1, q + far)))
    return {"value": value, "low": low, "high": high, "n": n, "devices": devices}
