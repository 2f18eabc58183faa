"""Recomputes what a collector said of a simulated fleet from its sealed reports alone, in other words and another language.

npm run fleet -- --scenario none --keep FOLDER && python3 bench/fleet/recompute FOLDER
"""
import math, sys
from collections import Counter
try:
    import numpy as np
except ModuleNotFoundError:
    sys.exit("recompute: expected a Python with numpy, got none. On Debian: apt-get install python3-numpy; elsewhere: python3 -m pip install numpy")
from accuracy import accuracy
from canary import canary
from cost import cost
from coverage import coverage
from drift import drift
from reports import Fleet
from service import service
from silence import silence

# what was asked, and words
GIVEN = {"model", "fromMs", "toMs", "minDevices", "minCohorts", "targets", "accuracyRatio", "method", "estimated", "kind"}
# what depends on the clock or on signed facts alone, or is a forecast
GIVEN |= {"revision", "share", "offeredMs", "plans", "hours", "ranAs", "mayStep", "undone", "better"}
counted = Counter()


def compare(path, mine, theirs):
    """Whatever is answered, to the last of six digits; what was counted, exactly."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in (theirs.keys() | mine.keys()) - GIVEN: compare(f"{path}.{key}", mine.get(key, "nothing"), theirs.get(key, "nothing"))
    elif isinstance(theirs, list) and isinstance(mine, (list, tuple, np.ndarray)) and len(mine) == len(theirs):
        for i, (one, other) in enumerate(zip(mine, theirs)): compare(f"{path}.{i}", one, other)
    else:
        same = is_same(mine, theirs)
        counted[same] += 1
        if not same: print(f"✗ {path}: {mine} here, {theirs} there")


def is_same(mine, theirs):
    number = lambda x: isinstance(x, (int, float, np.number)) and not isinstance(x, bool)
    if not (number(mine) and number(theirs)): return type(mine) is type(theirs) and mine == theirs
    least = min(abs(mine), abs(theirs))
    unit = 10.0 ** min(0, math.floor(math.log10(least)) - 5) if least else 0
    return bool(abs(mine - theirs) <= max(0.5000001 * unit, 1e-15))


fleet = Fleet(sys.argv[1])
for question in (service, drift, accuracy, canary, coverage, cost, silence):
    name = question.__name__
    compare(name, question(fleet, fleet.answers[name]), fleet.answers[name])
print(f"all of {counted[True]} figures agree" if not counted[False] else f"{counted[False]} of {counted.total()} figures differ")
sys.exit(counted[False] > 0)
