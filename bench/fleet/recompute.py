"""Recomputes what a collector said of a week from the sealed reports alone, in other words and another language.

npm run fleet -- --scenario none --keep FOLDER && python3 bench/fleet/recompute.py FOLDER
"""
import json, math, sys
from collections import defaultdict
import numpy as np

folder = sys.argv[1]
read = lambda name: json.load(open(f"{folder}/{name}.json"))
answers, (model,), prices = read("answers"), read("models")["models"], read("prices")
C, HOUR, DAY, BINS = 64, 3_600_000, 86_400_000, 11
rows = [(json.loads(line)["report"], json.loads(line)["arrivedMs"]) for line in open(f"{folder}/reports.jsonl")]
wrong = 0


def start(report, arrived):
    """By the collector's clock: a device's that is over two minutes off is corrected."""
    off = arrived - report["sent"]
    at = report["t0"] + (off if abs(off) > 120_000 else 0)
    return at - at % 300_000


reports = [(start(r, a), r, r["dimensions"], r["g"]) for r, a in rows]
within = lambda lo, hi: [one for one in reports if lo <= one[0] < hi]
failed = lambda r: sum(r["health"].get("errors", {}).values())


def check(name, got, expected):
    global wrong
    same = got == expected or (None not in (got, expected) and math.isclose(got, expected, rel_tol=6e-6, abs_tol=1e-9))
    wrong += not same
    if not same: print(f"✗ {name}: {got} here, {expected} there")


def beta(x, a, b):
    """Regularised incomplete beta function, by Simpson's rule after x = sin²."""
    t = np.linspace(0, math.asin(math.sqrt(x)), 50_001)
    with np.errstate(divide="ignore"):
        f = np.exp((2 * a - 1) * np.log(np.sin(t)) + (2 * b - 1) * np.log(np.cos(t)))
    f[0] = 0 if a > 0.5 else f[1]
    simpson = (f[0] + f[-1] + 4 * f[1:-1:2].sum() + 2 * f[2:-1:2].sum()) * (t[1] - t[0]) / 3
    return 2 * simpson * math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))


def t_quantile(df):
    lo, hi = 0.0, 100.0
    for _ in range(50):
        mid = (lo + hi) / 2
        lo, hi = (mid, hi) if beta(df / (df + mid * mid), df / 2, 0.5) / 2 > 0.025 else (lo, mid)
    return hi


T = {df: t_quantile(df) for df in range(1, 64)}


def sums(selected, part, whole):
    out = np.zeros((2, C))
    for _, r, d, g in selected: out[:, g] += part(r), whole(r)
    return out


def spread(z):
    return len(z) / max(1, len(z) - 1) * (z**2).sum()


def share(name, figure, part, whole, variance=None):
    """Wilson's interval of a ratio of sums over cohorts."""
    seen = whole > 0
    if not seen.any(): return check(name, None, figure["value"])
    r = part.sum() / whole.sum()
    v = spread((part - r * whole)[seen] / whole.sum())
    wilson(name, figure, r, v, whole.sum(), seen.sum() - 1)


def wilson(name, figure, r, v, n, df):
    s, t = r * (1 - r), T[max(1, df)]
    k = min(n, max(1, s / v)) if v > 0 and s > 0 else min(n, max(1, figure["devices"]))
    radius = t * math.sqrt(s / k + t * t / (4 * k * k))
    check(name, r, figure["value"]); check(name + ".n", n, figure["n"])
    check(name + ".low", max(0, (r + t * t / (2 * k) - radius) / (1 + t * t / k)), figure["low"])
    check(name + ".high", min(1, (r + t * t / (2 * k) + radius) / (1 + t * t / k)), figure["high"])


def join(amounts, least):
    groups, current, amount = [], 0, 0
    for one in amounts:
        if amount >= least: current, amount = current + 1, 0
        groups.append(current); amount += one
    if amount < least and current: groups = [min(g, current - 1) for g in groups]
    return np.eye(max(groups) + 1)[groups]


# service
service = answers["service"]
week = within(service["fromMs"], math.ceil(service["toMs"] / HOUR) * HOUR)  # what is kept are hours
bound = round(math.log2(service["targets"]["p95Ms"]) * 8) - 1
for v in service["versions"]:
    own = [one for one in week if one[2].get("version") == v["version"]]
    ok = lambda r: r["health"]["ok"]
    share("success", v["success"], *sums(own, ok, lambda r: ok(r) + failed(r)))
    share("cold", v["coldStarts"], *sums(own, lambda r: sum(r["health"].get("coldRuns", {"c": []})["c"]), ok))
    share("busy", v["busy"], *sums(own, lambda r: r.get("resource", {}).get("busyMs", 0), lambda r: 300_000))
    arm = [one for one in week if one[2].get("assigned") == v["version"]]
    day = lambda r: int("arm-day" in r["first"])
    share("error-free", v["errorFreeDevices"], *sums(arm, lambda r: day(r) - int("arm-day-failed" in r["first"]), day))
    latency = np.zeros((C, 600))  # bucket i of scale 3 at i + 200
    for _, r, _, g in own:
        h = r.get("latency", {}).get("total", {"o": 0, "c": []})
        latency[g, h["o"] + 200 : h["o"] + 200 + len(h["c"])] += h["c"]
    n, all_ = latency.sum(), latency.sum(0)
    share("within", v["withinTarget"], latency[:, : bound + 201].sum(1), latency.sum(1))
    bucket = lambda q: int(np.searchsorted(np.cumsum(all_), max(1, math.ceil(q * n))))
    edge = lambda i: 2 ** ((i - 199) / 8)
    for q, name in ((0.5, "p50Ms"), (0.95, "p95Ms"), (0.99, "p99Ms")):
        i = bucket(q)
        below = latency[:, : i + 1].sum(1); seen = latency.sum(1) > 0
        var = spread((below - below.sum() / n * latency.sum(1))[seen] / n)
        radius = T[seen.sum() - 1] * math.sqrt(max(var, q * (1 - q) / n))
        check(name, 2 * edge(i) * edge(i - 1) / (edge(i) + edge(i - 1)), v[name]["value"])
        check(name + ".low", edge(bucket(max(0, q - radius)) - 1), v[name]["low"])
        check(name + ".high", edge(bucket(min(1, q + radius))), v[name]["high"])


def table(selected, position):
    out = np.zeros((C, BINS))
    for _, r, _, g in selected:
        for b, k in enumerate(r.get("drift", {"counts": [[]] * 9})["counts"][position]): out[g, b] += k
    return out


def change(now, past, ordered):
    """Of what cohorts saw; `past` may be one row: independent samples of a lab."""
    alone = len(past) == 1
    seen = now.sum(1) + (0 if alone else past.sum(1)) > 0
    now, past, C = now[seen], past if alone else past[seen], seen.sum()
    middle = (now.sum(0) / now.sum() + past.sum(0) / past.sum()) / 2
    groups = join(middle, 0.01)
    n, m = now @ groups, past @ groups
    p, q = n.sum(0) / n.sum(), m.sum(0) / m.sum()
    d, mid = p - q, (p + q) / 2
    z = (n - p * n.sum(1, keepdims=True)) / n.sum()
    if not alone: z = z - (m - q * m.sum(1, keepdims=True)) / m.sum()
    v = C / (C - 1) * z.T @ z
    if alone: v = v + (np.diag(q) - np.outer(q, q)) / m.sum()
    delta = v / np.sqrt(np.outer(mid, mid))
    df = np.trace(delta) ** 2 / (delta**2).sum()
    tail = lambda f, a, b: beta(b / (b + a * f), b / 2, a / 2)
    pvalue = tail((d**2 / mid).sum() / np.trace(delta), df, df * (C - 1))
    if ordered:
        rank = np.cumsum(mid) - mid / 2 - 0.5
        h = np.stack([rank, rank**2])
        t2 = (h @ d) @ np.linalg.solve(h @ v @ h.T, h @ d)
        pvalue = min(1, 2 * min(pvalue, tail(t2 * (C - 2) / (2 * (C - 1)), 2, C - 2)))
    a, b = (x.sum(0) + 0.5 for x in (n, m))
    a, b = a / a.sum(), b / b.sum()
    return ((a - b) * np.log(a / b)).sum(), np.trace(delta), pvalue


# drift
drift = answers["drift"]
first = lambda selected, name: sum(name in one[1]["first"] for one in selected)
for v in drift["versions"]:
    own = lambda lo, hi: [one for one in within(lo, hi) if one[2].get("version") == v["version"]]
    for i, dist in enumerate(v["distributions"]):
        cut, ordered, stretch = len(dist["lab"]), "edges" in dist, v["windowMs"]
        whole = [one for w in dist["windows"] for one in own(w["atMs"], w["atMs"] + stretch)]
        pairs = [(dist["fromLab"], table(whole, i), np.array([dist["lab"]], float))]
        for w in dist["windows"]:
            at, now = w["atMs"], own(w["atMs"], w["atMs"] + stretch)
            check("window devices", first(now, "version-hour" if stretch == HOUR else "version-day"), w["devices"])
            for step, times in ((7 * DAY, 4), (DAY, 6)):
                past = [one for k in range(1, times + 1) for one in own(at - k * step, at - k * step + stretch)]
                if first(past, "version-hour") >= max(1, w["devices"] / 2): break
            pairs.append((w["change"], table(now, i), table(past, i)))
        for found, now, past in pairs:
            if found is None: continue
            psi, expected, pvalue = change(now[:, :cut], past[:, :cut], ordered)
            for key, value in (("psi", psi), ("expectedPsi", expected), ("pValue", pvalue)): check(f"{dist['name']} {key}", value, found[key])
print("every figure agrees" if not wrong else f"{wrong} figures differ")
sys.exit(wrong > 0)
