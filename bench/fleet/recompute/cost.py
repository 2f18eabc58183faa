from reports import DAY


def cost(fleet, asked):
    lo, hi = asked["fromMs"], asked["toMs"]
    prices, every = fleet.prices, fleet.within(lo, hi)
    runs = lambda rows: sum((r.ok + r.failed) * r.weight for r in rows)

    def of(rows):
        n, counted = runs(rows), sum(r.ok + r.failed for r in rows)
        size = sum(r.bytes for r in rows) * n / counted
        collector = prices["collectorPerMonth"] * (hi - lo) / (30 * DAY) * n / runs(every)
        amount = size / 1e9 * prices["cdnPerGigabyte"] + collector
        server = n / 1e6 * prices["serverPerMillionInferences"]
        return {"inferences": n, "bytes": size, "amount": amount, "perMillion": amount / n * 1e6, "serverAmount": server}

    versions = [{"version": v, **of(fleet.within(lo, hi, version=v))} for v, _ in fleet.versions(lo, hi)]
    return {"currency": prices["currency"], "total": of(every), "versions": versions}
