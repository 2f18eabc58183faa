from estimates import figure, ratio
from reports import DAY, firsts, sums


def coverage(fleet, asked):
    day, known = asked["dayMs"], fleet.known
    rows, first = fleet.within(day, day + DAY), lambda r: "version-day" in r.first
    devices = firsts(rows, "version-day")
    offered = {v: one["rollout"] for v, one in known.items() if "rollout" in one and one["state"] != "revoked"}
    width = {v: (one["toBps"] - one["fromBps"]) / 10_000 for v, one in offered.items()}
    newest = max((one["sequence"], v) for v, one in known.items() if one["state"] == "stable" and v not in width)[1]

    def of_version(v):
        adoption = figure(ratio(*sums(rows, lambda r: (first(r) and r.version == v, first(r)))), devices)
        target = width.get(v, 1.0 - sum(width.values()) if v == newest else 0.0)
        share = float(f"{adoption['value']:.6g}") / target if target else None
        return {"version": v, "state": known[v]["state"], "adoption": adoption, "target": target, "coverage": share}

    reported = [v for v, _ in fleet.versions(day, day + DAY)]
    return {"dayMs": day, "devices": devices, "versions": [of_version(v) for v in reported]}
