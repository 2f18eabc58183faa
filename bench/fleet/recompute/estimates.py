"""Estimates from what cohorts saw: value, variance, degrees of freedom, n."""
import math
from functools import lru_cache
import numpy as np


def beta(x, a, b):
    """Regularised incomplete beta function, by Simpson's rule after x = sin²."""
    t = np.linspace(0, math.asin(math.sqrt(x)), 50_001)[1:]
    f = np.exp((2 * a - 1) * np.log(np.sin(t)) + (2 * b - 1) * np.log(np.cos(t)))
    simpson = ((0 if a > 0.5 else f[0]) + f[-1] + 4 * f[0:-1:2].sum() + 2 * f[1:-1:2].sum()) * t[0] / 3
    return 2 * simpson * math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))


@lru_cache(None)
def student(df, tail=0.025):
    """Above it is so great a share."""
    lo, hi = 0.0, 100.0
    for _ in range(50):
        mid = (lo + hi) / 2
        lo, hi = (mid, hi) if beta(df / (df + mid * mid), df / 2, 0.5) / 2 > tail else (lo, mid)
    return hi


def f_tail(f, a, b):
    return beta(b / (b + a * f), b / 2, a / 2)


def radius(variance, effects, level):
    """Holds at every look: the mixture sequential probability ratio test, of all effects alike, inverted."""
    def log_ratio(x):
        logs = [math.log(variance / (variance + e**2)) / 2 + x**2 * e**2 / (2 * variance * (variance + e**2)) for e in effects]
        return max(logs) + math.log(sum(math.exp(one - max(logs)) for one in logs) / len(logs))
    low, high = 0.0, 100 * math.sqrt(variance)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if log_ratio(middle) < -math.log(2 * level) else (low, middle)
    return high


def spread(z):
    """Variance of a sum over cohorts, and its degrees of freedom."""
    df = max(1, len(z) - 1)
    return (z**2).sum() * (df + 1) / df, df


def ratio(part, whole):
    seen, n = whole > 0, whole.sum()
    return (part.sum() / n, *spread((part - part.sum() / n * whole)[seen] / n), n) if n else None


def figure(estimate, devices, is_share=True):
    """As it is answered, with an interval of 95 %."""
    if not estimate: return {"value": None, "low": None, "high": None, "n": 0, "devices": devices}
    value, variance, df, n = estimate
    t = student(df)
    low, high = value - t * math.sqrt(variance), value + t * math.sqrt(variance)
    if is_share:  # Wilson's interval, of as many independent events as would vary as much
        s = max(0, value * (1 - value))
        k = min(n, max(1, s / variance if variance > 0 and s > 0 else devices))
        middle, far, scale = value + t * t / (2 * k), t * math.sqrt(s / k + (t / (2 * k)) ** 2), 1 + t * t / k
        low, high = max(0.0, (middle - far) / scale), min(1.0, (middle + far) / scale)
    return {"value": value, "low": low, "high": high, "n": n, "devices": devices}


def join(amounts, least):
    """Bins → bins that hold `least`, as a matrix."""
    groups, current, amount = [], 0, 0
    for one in amounts:
        if amount >= least: current, amount = current + 1, 0
        groups.append(current)
        amount += one
    if amount < least and current: groups = [min(g, current - 1) for g in groups]
    return np.eye(max(groups) + 1)[groups]
