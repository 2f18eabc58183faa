/** Of a model: how likely each bin is in the lab, and whether bins have an order. */
const DISTRIBUTIONS = [
  {
    name: 'confidence',
    isOrdered: true,
    shares: [0.02, 0.05, 0.06, 0.07, 0.09, 0.1, 0.13, 0.16, 0.14, 0.18],
  },
  { name: 'class', isOrdered: false, shares: new Array(10).fill(0.1) },
  {
    name: 'brightness',
    isOrdered: true,
    shares: [0.04, 0.08, 0.12, 0.16, 0.2, 0.16, 0.12, 0.08, 0.03, 0.01],
  },
  { name: 'contrast', isOrdered: true, shares: [0.1, 0.2, 0.3, 0.2, 0.15, 0.05] },
];
const COHORTS = 64;
/** Of the i-th of 20 devices: its class and backend. Half of all are phones, and most phones run on wasm. */
const CLASSES = [
  ...new Array(10).fill('phone'),
  'tablet',
  'tablet',
  ...new Array(8).fill('desktop-large'),
];
const BACKENDS = ['wasm', 'wasm', 'wasm', 'webgpu'];
const PARTS = [...new Set([...CLASSES, ...BACKENDS])];
/** Observations of a report at most. */
const SAMPLED = 50;

/**
 * Devices that each see a mix of their own, and report as often as they are used.
 *
 * @param {{ devices: number, concentration: number }} options the lower the concentration, the more specialised they are
 */
export function makeSpecialised({ devices: count, concentration }, draws) {
  const devices = Array.from({ length: count }, (_, i) => ({
    parts: [CLASSES[i % CLASSES.length], BACKENDS[(i >> 1) % BACKENDS.length]],
    cohort: draws.below(COHORTS),
    use: Math.min(draws.pareto(1.2), 30),
    mixes: DISTRIBUTIONS.map(({ shares }) => draws.dirichlet(shares, concentration)),
  }));
  const all = devices.reduce((sum, { use }) => sum + use, 0);
  /** By the hour of the day: what people do at night is something else. */
  const tides = DISTRIBUTIONS.map(({ shares }) => shares.map(() => 0.3 * draws.normal()));

  return {
    distributions: DISTRIBUTIONS,
    /**
     * Counts by distribution × cohort × bin of one hour in which about so many report, of all and of each part.
     *
     * @param {string} [changing] only devices of this part see the change
     */
    hour(hour, reporting, change, changing) {
      const counts = noCounts();
      const parts = new Map(PARTS.map((part) => [part, noCounts()]));
      const phase = Math.cos((2 * Math.PI * (hour - 15)) / 24);
      const tiltsOf = (by) =>
        DISTRIBUTIONS.map(({ shares }, i) =>
          shares.map((_, bin) => Math.exp(tides[i][bin] * phase) * (by?.[i]?.[bin] ?? 1)),
        );
      const [changed, unchanged] = [tiltsOf(change), tiltsOf(undefined)];
      let found = 0;
      for (const { parts: own, cohort, use, mixes } of devices) {
        if (!draws.chance(1 - Math.exp((-use * reporting * spread) / all))) continue;
        found += 1;
        const seen = Math.min(SAMPLED, 1 + draws.poisson(Math.min(use, 20)));
        const tilts = changing === undefined || own.includes(changing) ? changed : unchanged;
        for (const [i, mix] of mixes.entries()) {
          const places = [counts, ...own.map((part) => parts.get(part))];
          observe(
            places.map((place) => place[i][cohort]),
            mix,
            tilts[i],
            seen,
            draws,
          );
        }
      }
      return { counts, parts: [...parts], devices: found };
    },
    /** A change by which one distribution moves so far, among all devices or those of a part. */
    changeOf(i, psi, part) {
      const moved = devices.filter(({ parts }) => part === undefined || parts.includes(part));
      const mixes = moved.map(({ use, mixes }) => ({ mix: mixes[i], weight: Math.min(use, 20) }));
      return { [i]: tiltBy(psi, { shares: DISTRIBUTIONS[i].shares, mixes }) };
    },
  };
}
/** Often used ones report once an hour all the same: so much more has to be asked for. */
const spread = 1.3;

function noCounts() {
  return DISTRIBUTIONS.map(({ shares }) =>
    Array.from({ length: COHORTS }, () => new Array(shares.length).fill(0)),
  );
}

/** @param places counts by bin, to each of which what was seen is added */
function observe(places, mix, tilt, seen, draws) {
  let whole = 0;
  for (let bin = 0; bin < mix.length; bin += 1) whole += mix[bin] * tilt[bin];
  for (let i = 0; i < seen; i += 1) {
    let left = draws.uniform() * whole;
    let bin = -1;
    do {
      bin += 1;
      left -= mix[bin] * tilt[bin];
    } while (left > 0 && bin < mix.length - 1);
    for (const counts of places) counts[bin] += 1;
  }
}

/** A tilt of bins that moves what all devices see together by so much (population stability index). */
function tiltBy(psi, { shares, mixes }) {
  const tilt = (strength) => shares.map((_, bin) => Math.exp((strength * bin) / shares.length));
  const before = meanOf(mixes);
  function distance(strength) {
    const by = tilt(strength);
    const after = meanOf(
      mixes.map(({ mix, weight }) => ({
        mix: scaled(mix.map((share, bin) => share * by[bin])),
        weight,
      })),
    );
    return after.reduce(
      (sum, share, bin) => sum + (share - before[bin]) * Math.log(share / before[bin]),
      0,
    );
  }
  let [low, high] = [0, 10];
  for (let i = 0; i < 30; i += 1) {
    const middle = (low + high) / 2;
    if (distance(middle) < psi) low = middle;
    else high = middle;
  }
  return tilt(high);
}

function meanOf(mixes) {
  const sums = new Array(mixes[0].mix.length).fill(0);
  for (const { mix, weight } of mixes) {
    for (const [bin, share] of mix.entries()) sums[bin] += share * weight;
  }
  return scaled(sums);
}

function scaled(list) {
  const sum = list.reduce((all, one) => all + one, 0);
  return list.map((one) => one / sum);
}
