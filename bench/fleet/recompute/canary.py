import math
import numpy as np
from estimates import radius
from reports import DAY, busiest, sums, table


def canary(fleet, asked):
    pairs = {(r.experiment, r.assigned) for r in fleet.within(asked["fromMs"], asked["toMs"]) if r.arm == "canary"}
    found = [rollout(whole(fleet, asked, pair), pair[0], fleet.known[pair[1]]) for pair in pairs]
    return {"rollouts": sorted(found, key=lambda one: -one["sinceMs"])}


def whole(fleet, asked, pair):
    """From the first day of its canary on: a week without any ends a rollout."""
    rows = [r for r in fleet.within(0, asked["toMs"]) if r.experiment == pair[0]]
    days = sorted({r.at // DAY for r in rows if r.arm == "canary" and r.assigned == pair[1]})
    begin = [day for before, day in zip([-math.inf, *days], days) if day - before > 7][-1]
    return [r for r in rows if r.at // DAY >= begin]


def rollout(rows, experiment, known):
    version, health = known["version"], known.get("health", {})
    sides = [r for r in rows if r.arm == "canary" and r.assigned == version], [r for r in rows if r.arm == "control"]
    measured, judged = measured_on(sides, version, health)
    level = 0.01 / len(judged)
    compared = [guardrail(sides, one, judged, level, level / 2) for one in measured]
    parts = parts_of(sides)
    of_parts = [(one, measured_on(on(sides, one), version, health)) for one in parts]
    compared_parts = [
        (part, guardrail(on(sides, part), one, known, level, level / 20))
        for part, (own, known) in of_parts for one in own if one[0] in known]
    worse = [(part, shown) for part, (shown, _) in compared_parts if is_worse(shown)]
    since = min(r.at for r in sides[0])
    return {
        "version": version, "experiment": experiment, "sinceMs": since, "isOver": known["state"] == "revoked" or "rollout" not in known,
        "devices": of_sides(max(1, busiest(side, "arm-day")) for side in sides),
        "guardrails": [shown for shown, _ in compared],
        "parts": [{"dimension": part[0], "value": part[1], "name": f"{one['name']}-on-{part[1]}", "margin": one["margin"], "difference": one["difference"]} for part, one in worse],
        "verdict": verdict(compared, compared_parts),
    }


def on(sides, part):
    return [[r for r in side if getattr(r, part[0]) == part[1]] for side in sides]


def parts_of(sides):
    """Device classes and backends with devices on both sides, unless one of them is all there is."""
    found = []
    for dimension in ("device", "backend"):
        values = dict.fromkeys(getattr(r, dimension) for side in sides for r in side)
        devices = {v: min(max(len(side) > 0, busiest(side, "arm-day")) for side in on(sides, (dimension, v))) for v in values}
        shown = sorted((v for v in values if v and devices[v] > 0), key=lambda v: -devices[v])
        hidden = [v for v in values if v not in shown]
        if shown and hidden and not sum(devices[v] for v in hidden): shown.pop()
        if len(values) > 1: found += [(dimension, v) for v in shown]
    return found


def measured_on(sides, version, health):
    """The measures with their margins, and the names of those that are judged."""
    outcomes = sorted({name for side in sides for r in side for name in r.outcomes})
    measured = [(name, kind, health.get(f"{name}-bps", bps) / 10_000, pair) for name, kind, bps, pair in measures(sides[1], version, outcomes)]
    return measured, {name for name, kind, *_ in measured if kind != "mean" or f"{name}-bps" in health}


def is_worse(one):
    return one["isJudged"] and one["cohorts"] and one["difference"]["low"] > 0 and one["difference"]["value"] > one["margin"]


def of_sides(pair):
    return dict(zip(("canary", "control"), pair))


def guardrail(sides, measure, judged, level, low_level):
    """As it is answered, and how many times the devices are needed."""
    name, kind, margin, pair = measure
    both = [sums(side, pair) for side in sides]
    value, low, high, cohorts, needed = compare(kind, *both, margin, level, low_level) or (None, None, None, 0, math.inf)
    n = [whole.sum() for _, whole in both]
    means = of_sides(None if kind == "size" or not whole.sum() else part.sum() / whole.sum() for part, whole in both)
    devices = sum(max(1, busiest(side, "arm-day")) for side in sides)
    difference = {"value": value, "low": low, "high": high, "n": sum(n), "devices": devices}
    about = {"name": name, "margin": margin, "cohorts": cohorts, "isJudged": name in judged}
    return {**about, **means, "n": of_sides(n), "difference": difference}, needed


def verdict(compared, of_parts):
    judged = [(one, one["difference"], needed) for one, needed in compared if one["isJudged"]]
    worse = [one["name"] for one, *_ in judged if is_worse(one)]
    worse = worse or [f"{one['name']}-on-{part[1]}" for part, (one, _) in of_parts if is_worse(one)]
    still_open = {one["name"]: needed for one, found, needed in judged if not (one["cohorts"] and found["high"] < one["margin"])}
    if worse: return {"verdict": "roll-back", "because": worse}
    if not still_open: return {"verdict": "promote"}
    times = max(still_open.values())
    return {"verdict": "hold", "because": list(still_open), "times": times if times < math.inf else None}


def measures(control, version, outcomes):
    """Name, kind, standard margin in hundredths of a point, and the part and the whole of a report."""
    update = lambda r: r.updates.get(version, {})
    undone = lambda r, *kinds: sum(n for kind in kinds for n in update(r).get(kind, {}).values())
    starts = lambda r: (r.unopened + undone(r, "failed", "rolledBack"), r.tried + update(r).get("installed", 0) + undone(r, "failed"))
    slow, unsure = bounds(control)
    yield "failed-runs", "share", 50, lambda r: (r.failed, r.ok + r.failed)
    yield "failed-devices", "share", 200, lambda r: ("arm-day-failed" in r.first, "arm-day" in r.first)
    yield "failed-starts", "share", 50, starts
    yield "slow-runs", "share", 200, lambda r: (0, 0) if slow is None else (sum(r.latency[1][max(0, slow + 1 - r.latency[0]) :]), r.ok)
    yield "unsure-runs", "share", 200, lambda r: (0, 0) if unsure is None else (sum(r.seen[0][: unsure + 1]), sum(r.seen[0]))
    yield "missing-devices", "size", 1000, lambda r: (0, "arm-day" in r.first)
    for name in outcomes: yield f"outcome-{name}", "mean", 500, lambda r, name=name: r.outcomes.get(name, (0, 0))[1::-1]


def bounds(control):
    """What one of twenty of the control's runs is beyond, on its first days: as many as it takes for 48 cohorts."""
    days = sorted({r.at // DAY for r in control})
    until = [[r for r in control if r.at // DAY <= day] for day in days]
    early = next((rows for rows in until if len({r.g for r in rows}) >= 48), control)
    most = lambda x: trimmed(x, np.ones(len(x)))[0]
    latency, sure = table(early, 600, lambda r: r.latency), table(early, 10, lambda r: (0, r.seen[0]))
    latency, sure = (x[x.sum(1) > 0] / x.sum(1, keepdims=True)[x.sum(1) > 0] for x in (latency, sure))
    above = lambda i: most(latency[:, i + 1 :].sum(1))
    slow = next(i for i in np.flatnonzero(latency.sum(0)) if above(i) <= 0.05) if len(latency) >= 48 else None
    if len(sure) < 48: return slow, None
    shares = np.array([most(one) for one in sure.T])
    unsure = int(np.argmax(np.cumsum(shares / shares.sum()) >= 0.05))
    return slow, unsure if unsure < sure.shape[1] - 1 else None


def trimmed(x, weight):
    """Mean without the four lowest and highest cohorts; without two more of the highest; its variance; degrees."""
    order = np.argsort(x, kind="stable")
    x, w = x[order], np.minimum(weight, np.median(weight))[order]
    mean = lambda x, w: (x * w).sum() / w.sum()
    pulled = np.clip(x, x[4], x[-5])
    squares = ((w * (pulled - mean(pulled, w))) ** 2).sum() / w[4:-4].sum() ** 2
    return mean(x[4:-4], w[4:-4]), mean(x[4:-6], w[4:-6]), squares * len(x) / (len(x) - 1), len(x) - 9


def compare(kind, canary, control, margin, level, low_level):
    """Difference, low, high, cohorts, and how many times the devices are needed."""
    seen = canary[1] + control[1] > 0 if kind == "size" else (canary[1] > 0) & (control[1] > 0)
    (a, n), (b, m) = canary[:, seen], control[:, seen]
    if seen.sum() < 48: return None
    # the least variance is by the events of all but the four largest cohorts, taken for all
    others = np.argsort(-(n + m), kind="stable")[4:]
    all_a, all_n, all_b, all_m = (one[others].sum() * len(n) / len(others) for one in (np.minimum(a, n), n, np.minimum(b, m), m))
    x, weight = a / n - b / m if kind != "size" else 0.5 - n / (n + m), n * m / (n + m)
    if kind == "size": weight, least, margin = n + m, 0.25 / (all_n + all_m), 0.5 - (1 - margin) / (2 - margin)
    else: least = 1 / all_n + 1 / all_m
    if kind == "share":
        s = (all_a + all_b + 1) / (all_n + all_m + 2)
        least *= s * (1 - s)
    if kind == "mean": x = -x / abs(trimmed(b / m, m)[0])
    value, cautious, variance, df = trimmed(x, weight)
    variance = max(variance, least) * df / (df - 2)
    far = lambda times, at=level: radius(variance / times, [effect * max(margin, 1e-4) for effect in (1, 20)], at)
    times = 1.0 if value < margin else math.inf
    while times < 1e6 and far(times) > margin - value: times *= 1.1
    shown = lambda d: d
    if kind == "size": shown = lambda d: 1 - 1 / (1 / min(max(0.5 - d, 1e-300), 1 - 1e-9) - 1)
    return shown(value), shown(cautious - far(1, low_level)), shown(value + far(1)), seen.sum(), times if times < 1e6 else math.inf
