from types import SimpleNamespace
import numpy as np
from estimates import figure, join, radius, ratio, spread
from reports import C, sums, table


def accuracy(fleet, asked):
    lo, hi = asked["fromMs"], asked["toMs"]
    rows = lambda version: fleet.within(lo, hi, version=version)
    return {"versions": [of_version(rows(v), v, devices, fleet.known[v], asked["accuracyRatio"]) for v, devices in fleet.versions(lo, hi)]}


def of_version(rows, version, devices, known, target):
    lab, classes = known["baseline"]["distributions"]
    edges, counts, correct = lab["edges"], np.array(lab["counts"], float), np.array(lab["correct"], float)
    # with one sample more that is right as often as the model says
    rate = (np.minimum(correct, counts) + np.convolve(edges, [0.5, 0.5], "valid")) / (counts + 1)
    ages = [SimpleNamespace(g=r.g, **{"bins": [], "confusion": [], **age}) for r in rows for age in r.labels]
    runs = table(rows, len(counts), lambda r: (0, r.seen[0]))
    labels, right = (table(ages, len(counts), lambda age: (0, [one[k] for one in age.bins])) for k in (0, 1))
    live = weighted(runs, labels, right)
    share = correct.sum() / counts.sum()
    offline = share, share * (1 - share) / counts.sum(), counts.sum() - 1, counts.sum()
    of_both = lambda live: figure(
        live and (live[0] / share, (live[0] / share) ** 2 * (live[1] / live[0] ** 2 + offline[1] / share**2), *live[2:]), devices, is_share=False)
    missed = lambda live: live is not None and of_both(live)["high"] < target
    # without the four cohorts with most wrong labels
    rest = np.sort(np.argsort((right - labels).sum(1), kind="stable")[4:])
    columns = edges[:-1], edges[1:], runs.sum(0), labels.sum(0), right.sum(0), counts, correct
    names = "from", "to", "runs", "labels", "correct", "lab", "labCorrect"
    mean = lambda name: figure(ratio(*sums(rows, lambda r: r.outcomes.get(name, (0, 0))[1::-1])), devices, is_share=False)
    return {
        "version": version, "devices": devices, "without": [] if live else ["labels"],
        "estimated": figure(estimated(runs, rate, counts), devices),
        "labelled": figure(live, devices),
        "labelShare": figure(ratio(labels.sum(1), runs.sum(1)), devices),
        "offline": figure(offline, 0),
        "liveToOffline": of_both(live),
        "isMissByFew": bool(missed(live) and not missed(weighted(runs[rest], labels[rest], right[rest]))),
        "concept": concept(labels, right, rate, counts),
        "calibration": [dict(zip(names, one)) for one in zip(*columns)],
        "confusion": confusion(ages, classes["labels"], devices),
        "values": None,
        "outcomes": [{"name": name, "mean": mean(name)} for name in sorted({name for r in rows for name in r.outcomes})],
        "unmatched": sum(r.unmatched for r in rows),
    }


def estimated(runs, rate, counts):
    n, seen = runs.sum(), runs.sum(1) > 0
    p = runs.sum(0) / n
    variance, df = spread((runs @ rate - p @ rate * runs.sum(1))[seen] / n)
    return p @ rate, variance + (p**2 * rate * (1 - rate) / (counts + 1)).sum(), df, n


def weighted(runs, labels, right):
    """Of labelled runs, to the confidence of all."""
    cohorts, n = (labels.sum(1) > 0).sum(), labels.sum()
    if n < 10 or cohorts < 8: return None
    groups = join(labels.sum(0), 10)
    runs, labels, right = runs @ groups, labels @ groups, right @ groups
    p, rate = runs.sum(0) / runs.sum(), right.sum(0) / labels.sum(0)
    z = (right - rate * labels) / labels.sum(0) @ p + (runs @ rate - p @ rate * runs.sum(1)) / runs.sum()
    return p @ rate, max(spread(z)[0], (p**2 * rate * (1 - rate) / labels.sum(0)).sum()), cohorts - 1, n


def concept(labels, right, rate, counts):
    """With whether it is none without the four cohorts that have most of it."""
    found = concept_of(labels, right, rate, counts)
    if not found: return None
    w = (counts + 1) / (counts + 1 + labels.sum(0)) / np.maximum(0.05, 1 - rate)
    rest = np.sort(np.argsort(-((rate * labels - right) @ w), kind="stable")[4:])
    without = concept_of(labels[rest], right[rest], rate, counts)
    return {**found, "isByFew": found["isAlarm"] and not (without and without["isAlarm"])}


def concept_of(labels, right, rate, counts):
    seen, told = labels.sum(1) > 0, labels.sum(0)
    if seen.sum() < 8: return None
    w = (counts + 1) / (counts + 1 + told) / np.maximum(0.05, 1 - rate)
    missing, whole = rate * labels - right, labels @ w
    deficit = (missing @ w).sum() / whole.sum()
    variance, df = spread((missing @ w - deficit * whole)[seen] / whole.sum())
    by_bin = lambda x: ((w / whole.sum()) ** 2 * rate * (1 - rate) * x).sum()
    variance = max(variance, by_bin(told)) + by_bin(told**2 / (counts + 1))
    low = deficit - radius(variance * df / (df - 2), [0.1], 0.005)
    return {"deficit": missing.sum() / told.sum(), "weighted": deficit, "low": low, "n": told.sum(), "isAlarm": bool(low > 0)}


def confusion(ages, labels, devices):
    pairs = np.zeros((C, len(labels) + 1, len(labels) + 1))  # cohort, actual, predicted
    for age in ages:
        for actual, predicted, n in age.confusion: pairs[age.g, actual, predicted] += n
    if not pairs.any(): return None
    listed = [[a, b, n] for a, row in enumerate(pairs.sum(0)) for b, n in enumerate(row) if n]
    share = lambda i, whole: figure(ratio(pairs[:, i, i], whole.sum(1)), devices)
    of_label = lambda i, label: {"label": label, "precision": share(i, pairs[:, :, i]), "recall": share(i, pairs[:, i])}
    every = [*labels, "other"]
    return {"labels": every, "pairs": listed, "byLabel": [of_label(i, label) for i, label in enumerate(every)]}
