import math
import numpy as np
from estimates import student
from reports import DAY, HOUR, busiest, firsts

WEEK_HOURS, DAY_HOURS = 168, 24
MOST_PAST = 5 * WEEK_HOURS


def below(n, mean, dispersion):
    """P(N <= n) of a negative binomial count."""
    size = 1 / dispersion
    p = size / (size + mean)
    terms = (math.lgamma(size + k) - math.lgamma(size) - math.lgamma(k + 1) + k * math.log1p(-p) for k in range(n + 1))
    return sum(math.exp(size * math.log(p) + term) for term in terms)


def quantile(mean, dispersion, share):
    n = 0
    while mean > 0 and below(n, mean, dispersion) < share: n += 1
    return n


def same_hours(past, ago):
    places = [len(past) - ago - week * WEEK_HOURS for week in range(1, 5)]
    return [past[place] for place in places if 0 <= place < len(past) and past[place] is not None]


def spread_of(at, past):
    by_week = len(past) >= 17 * DAY_HOURS
    lag = WEEK_HOURS if by_week else DAY_HOURS
    weekend = lambda hour: (hour // 24) % 7 in (2, 3)
    days = {}
    for ago in range(3 * DAY_HOURS + 1 if by_week else 1, len(past) - lag + 1):
        hour = at // HOUR - ago
        if weekend(hour) != weekend(hour - lag): continue
        a, b = past[len(past) - ago], past[len(past) - ago - lag]
        if a is None or b is None: continue
        beyond, scale = days.get(hour // 24, (0, 0))
        days[hour // 24] = (beyond + (a - b) ** 2 - (a + b), scale + 2 * a * b)
    if len(days) < 2: return None
    beyond, scale = (np.array(column, float) for column in zip(*days.values()))
    if scale.sum() == 0: return None
    value, k = beyond.sum() / scale.sum(), len(days)
    deviation = math.sqrt(((beyond - value * scale) ** 2).sum() * k / (k - 1)) / scale.sum()
    return max(0.0025, value + student(k - 1, 0.05) * deviation)


def level_of(past, spread):
    ratios, devices = [], 0
    for day in range(7):
        if len(past) - (day + 1) * DAY_HOURS < WEEK_HOURS: break
        agos = range(day * DAY_HOURS + 1, (day + 1) * DAY_HOURS + 1)
        agos = [ago for ago in agos if past[len(past) - ago] is not None and same_hours(past, ago)]
        own, usual = sum(past[len(past) - ago] for ago in agos), sum(np.mean(same_hours(past, ago)) for ago in agos)
        devices += own
        if usual > 0: ratios.append(own / usual)
    if not ratios: return 1, 0
    k = len(ratios)
    return np.median(ratios), math.pi / 2 * (2 * spread + 2 * k / max(devices, 0.5)) / k


def silence(fleet, asked):
    lo, hi = asked["fromMs"], asked["toMs"]
    known = {at: firsts(fleet.by_hour[at], "version-hour") for at in sorted(fleet.by_hour) if lo - MOST_PAST * HOUR <= at < hi}
    known = {at: n for at, n in known.items() if n}
    # clocks that are wrong put a few anywhere
    days = {at: sum(n for other, n in known.items() if at <= other < at + DAY) for at in known}
    begin = next(at for at, n in days.items() if n >= np.median(list(days.values())) / 20)
    read_from, read_to = (lo - MOST_PAST * HOUR) // DAY * DAY, -(-hi // DAY) * DAY
    devices = busiest(fleet.within(read_from, read_to), "version-day")

    def usual_at(at):
        past = [kept.get(before, 0) for before in range(max(begin, at - MOST_PAST * HOUR), at, HOUR)]
        spread = spread_of(at, past) if len(past) >= WEEK_HOURS else None
        weeks = same_hours(past, 0)
        if spread is None or not weeks: return None
        ratio, variance = level_of(past, spread)
        mean = ratio * sum(weeks) / len(weeks)
        return mean, spread * (1 + 1 / len(weeks)) + 1 / max(sum(weeks), 0.5) + variance, sum(weeks)

    # silences without any device are no part of what is usual
    kept = dict(known)
    for at in range(begin, hi, HOUR):
        if known.get(at, 0) > 0: continue
        if at > begin and kept.get(at - HOUR, 0) is None: kept[at] = None
        elif (usual := usual_at(at)) and quantile(*usual[:2], 3e-5) > 0: kept[at] = None

    def of_hour(at):
        received = known.get(at, 0) if at >= begin else 0
        silent = at >= begin and kept.get(at, 0) is None
        usual = usual_at(at)
        if usual is None:
            nothing = {"value": None, "low": None, "high": None, "n": 0, "devices": devices}
            return {"atMs": at, "received": received, "expected": nothing, "fewest": None, "isSilent": silent}
        mean, dispersion, n = usual
        fewest = quantile(mean, dispersion, 3e-5)
        low, high = (quantile(mean, dispersion, share) for share in (0.025, 0.975))
        figure = {"value": mean, "low": low, "high": high, "n": n, "devices": devices}
        return {"atMs": at, "received": received, "expected": figure, "fewest": fewest, "isSilent": silent or received < fewest}

    hours = [of_hour(at) for at in range(lo, hi, HOUR)]
    spoken = max((one["atMs"] for one in hours if not one["isSilent"]), default=lo - HOUR)
    silent = spoken + HOUR if spoken + HOUR < hi else None
    return {"hours": hours, "silentSinceMs": silent, "judgedFromMs": begin + WEEK_HOURS * HOUR}
