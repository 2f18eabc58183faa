from collections import Counter, defaultdict
import numpy as np
from estimates import f_tail, join
from reports import DAY, HOUR, WEEK, firsts, table


def change(now, past, edges, fewest=16):
    """Of what cohorts saw; `past` may be one row: independent samples of a lab."""
    is_lab = len(past) == 1
    if (now.sum(1) > 0).sum() < fewest or not past.sum() or not is_lab and (past.sum(1) > 0).sum() < fewest: return None
    seen = now.sum(1) + (0 if is_lab else past.sum(1)) > 0
    groups, cohorts = join((now.sum(0) / now.sum() + past.sum(0) / past.sum()) / 2, 0.01), seen.sum()
    n, m = now[seen] @ groups, past[slice(None) if is_lab else seen] @ groups
    p, q = n.sum(0) / n.sum(), m.sum(0) / m.sum()
    d, mid = p - q, (p + q) / 2
    z = (n - p * n.sum(1, keepdims=True)) / n.sum()
    if not is_lab: z = z - (m - q * m.sum(1, keepdims=True)) / m.sum()
    v = cohorts / (cohorts - 1) * z.T @ z + is_lab * (np.diag(q) - np.outer(q, q)) / m.sum()
    delta = v / np.sqrt(np.outer(mid, mid))
    df = np.trace(delta) ** 2 / (delta**2).sum()
    p_value = f_tail((d**2 / mid).sum() / np.trace(delta), df, df * (cohorts - 1))
    if edges:  # Neyman's smooth test, as Hotelling's T²
        rank = np.cumsum(mid) - mid / 2 - 0.5
        h = np.stack([rank, rank**2])
        t2 = (h @ d) @ np.linalg.solve(h @ v @ h.T, h @ d)
        p_value = min(1.0, 2 * min(p_value, f_tail(t2 * (cohorts - 2) / (2 * (cohorts - 1)), 2, cohorts - 2)))
    a, b = ((x.sum(0) + 0.5) / (x.sum() + x.shape[1] / 2) for x in (n, m))
    psi = ((a - b) * np.log(a / b)).sum()
    found = {"psi": psi, "expectedPsi": np.trace(delta), "pValue": p_value, "n": now.sum()}
    return {**found, **distances(now.sum(0) / now.sum(), past.sum(0) / past.sum(), edges)}


def distances(p, q, edges):
    """Jensen and Shannon's in bits; Wasserstein's as a share of the range."""
    bits = lambda a, b: (a[a > 0] * np.log2(a[a > 0] / b[a > 0])).sum()
    steps = edges and np.diff(np.convolve(edges, [0.5, 0.5], "valid"))
    far = (abs(np.cumsum(p - q)[:-1]) * steps).sum() / (edges[-1] - edges[0]) if edges else None
    return {"jensenShannon": (bits(p, (p + q) / 2) + bits(q, (p + q) / 2)) / 2, "wasserstein": far}


def changed(changes):
    """Benjamini and Hochberg's at 0.1 %, and an effect."""
    p_values = [one["pValue"] if one else 1 for one in changes]
    low = [p for i, p in enumerate(sorted(p_values)) if p <= 0.001 * (i + 1) / len(p_values)]
    return [bool(one and low and one["pValue"] <= low[-1] and one["psi"] - one["expectedPsi"] >= 0.03) for one in changes]


def parts_of(rows, place, bins, day_or_hour):
    counts, devices = defaultdict(lambda: np.zeros(bins)), Counter()
    for r in rows:
        for key in (("device", r.device), ("backend", r.backend), ("app", r.app)):
            counts[key][: len(r.seen[place])] += r.seen[place]
            devices[key] += day_or_hour in r.first
    whole = sum(one for key, one in counts.items() if key[0] == "device")
    return {key: one / np.sum(whole) for key, one in counts.items()}, whole / np.sum(whole), devices


def shown_of(devices, dimension):
    every = sorted((key for key in devices if key[0] == dimension), key=lambda key: -devices[key])
    large = [key for key in every if devices[key] > 0]
    return large[:-1] if len(every) - len(large) == 1 else large


def segments(now, past, *about):
    """Parts of the fleet, and how much of a change each carries."""
    (p, of_now, devices), (q, of_past, _) = parts_of(now, *about), parts_of(past, *about)
    d, mid, found = of_now - of_past, (of_now + of_past) / 2, []
    along = lambda x: (x * d / np.where(mid > 0, mid, 1)).sum()
    if not np.any(d): return []
    for dimension in ("device", "backend", "app"):
        for key in shown_of(devices, dimension):
            share, weight = along(p[key] - q.get(key, 0)) / along(d), p[key].sum()
            found.append({"dimension": dimension, "value": key[1], "share": share, "weight": weight})
    return sorted((one for one in found if abs(one["share"]) >= 0.05), key=lambda one: one["weight"] - one["share"])


def by_few(pairs, lists, at, edges, fewest):
    """Of the last two windows: is an alarm none without the four cohorts that carry most of it?"""
    carried = 0
    for now, past in pairs:
        a, b = now / max(1, now.sum()), past / max(1, past.sum())
        d, mid = a.sum(0) - b.sum(0), (a.sum(0) + b.sum(0)) / 2
        carried = carried + (a - b) @ (d / np.where(mid > 0, mid, 1))
    rest = np.sort(np.argsort(-carried, kind="stable")[4:])
    without = [[*one[:at], change(now[rest], past[rest], edges, fewest - 4), *one[at + 1 :]] for one, (now, past) in zip(lists, pairs)]
    return not all(changed(one)[at] for one in without)


def part_alarms(windows, shown, whole, labs, first):
    """Of each distribution: device classes and backends that changed by themselves, tested in one list with the whole."""
    rows = [r for i in shown for side in (2, 3) for r in windows[i][side] if any(r.seen)]
    keys = {(r.device, r.backend) for r in rows}
    devices = parts_of(windows[shown[-1]][2], 0, len(labs[0]["counts"]), first)[2]
    names = [key for dimension in ("device", "backend") for key in shown_of(devices, dimension) if key[1]]
    names = [(d, v) for d, v in names if any((key[0] if d == "device" else key[1]) != v for key in keys)]
    changes = [[[None] * len(labs) for _ in names] for _ in windows]
    for i in shown:
        for k, (d, v) in enumerate(names):
            now, past = ([r for r in windows[i][side] if getattr(r, d) == v] for side in (2, 3))
            for place, lab in enumerate(labs):
                seen = lambda rows: table(rows, len(lab["counts"]), lambda r: (0, r.seen[place]))
                changes[i][k][place] = change(seen(now), seen(past), lab.get("edges"), 48)
    sure = [changed([*of_whole, *(one for part in of_parts for one in part)])[len(labs):] for of_whole, of_parts in zip(whole, changes)]
    found = [[] for _ in labs]
    for k, (d, v) in enumerate(names):
        for place in range(len(labs)):
            at = k * len(labs) + place
            alarms = [i > 0 and sure[i][at] and sure[i - 1][at] for i in range(len(windows))]
            alarming = [i for i in shown if alarms[i]]
            if not alarming: continue
            ends, lab = range(shown[-1] - 1, shown[-1] + 1), labs[place]
            seen = lambda rows: table([r for r in rows if getattr(r, d) == v], len(lab["counts"]), lambda r: (0, r.seen[place]))
            few = lambda: by_few(
                [[seen(windows[i][side]) for side in (2, 3)] for i in ends],
                [[*whole[i], *(one for part in changes[i] for one in part)] for i in ends],
                (k + 1) * len(labs) + place, lab.get("edges"), 48)
            newest, quiet = changes[alarming[-1]][k][place], [windows[i][0] for i in shown if not alarms[i]]
            found[place].append({
                "dimension": d, "value": v, "atMs": [windows[i][0] for i in alarming],
                "alarmSinceMs": quiet[-1] if alarms[shown[-1]] and quiet else None,
                "isByFew": bool(alarms[shown[-1]] and quiet) and few(),
                **{key: newest[key] for key in ("psi", "expectedPsi", "pValue")}})
    return [sorted(one, key=lambda part: part["expectedPsi"] - part["psi"]) for one in found]


def drift(fleet, asked):
    lo, hi = asked["fromMs"], asked["toMs"]
    return {"versions": [of_version(fleet, v, devices, lo, hi) for v, devices in fleet.versions(lo, hi)]}


def of_version(fleet, version, devices, lo, hi):
    own = lambda at, length: fleet.within(at, at + length, version=version)
    full = [firsts(rows, "version-hour") >= 300 for rows in (own(at, HOUR) for at in range(lo, hi, HOUR)) if rows]
    length = HOUR if 2 * sum(full) > len(full) else DAY
    first = "version-hour" if length == HOUR else "version-day"
    windows = []
    for at in range(lo // length * length, hi // length * length, length):
        now, n = own(at, length), firsts(own(at, length), first)
        pasts = [[r for k in range(1, times + 1) for r in own(at - k * step, length)] for step, times in ((WEEK, 4), (DAY, 6))]
        windows.append((at, n, now, next((past for past in pasts if firsts(past, "version-hour") >= max(1, n / 2)), [])))
    shown = [i for i, (_, n, *_) in enumerate(windows) if n]
    found, changes = [], []
    for place, lab in enumerate(fleet.known[version]["baseline"]["distributions"]):
        bins, edges = len(lab["counts"]), lab.get("edges")
        seen = lambda rows: table(rows, bins, lambda r: (0, r.seen[place]))
        field, past = (seen([r for i in shown for r in windows[i][side]]) for side in (2, 3))
        changes.append([change(seen(now), seen(past), edges) if n else None for _, n, now, past in windows])
        found.append({key: lab[key] for key in ("name", "edges", "labels") if key in lab} | {
            "field": field.sum(0), "lab": lab["counts"], "past": past.sum(0),
            "fromLab": change(field, np.array([lab["counts"]], float), edges),
            "segments": segments(*windows[shown[-1]][2:], place, bins, first)})
    sure = [changed(one) for one in zip(*changes)]
    parts = part_alarms(windows, shown, list(zip(*changes)), fleet.known[version]["baseline"]["distributions"], first)
    for place, one in enumerate(found):
        one["parts"] = parts[place]
        alarms = [i > 0 and sure[i][place] and sure[i - 1][place] for i in range(len(windows))]
        one["windows"] = [{"atMs": windows[i][0], "devices": windows[i][1], "change": changes[place][i], "isAlarm": alarms[i]} for i in shown]
        quiet = [windows[i][0] for i in shown if not alarms[i]]
        one["alarmSinceMs"] = quiet[-1] if alarms[shown[-1]] and quiet else None
        seen = lambda rows: table(rows, len(one["lab"]), lambda r: (0, r.seen[place]))
        ends = range(shown[-1] - 1, shown[-1] + 1)
        one["isByFew"] = one["alarmSinceMs"] is not None and by_few(
            [[seen(windows[i][side]) for side in (2, 3)] for i in ends], [list(zip(*changes))[i] for i in ends], place, one.get("edges"), 16)
    return {"version": version, "devices": devices, "windowMs": length, "distributions": found}
