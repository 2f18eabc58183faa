import { share } from './shares.mjs';
import { simulateArms } from './simulate-arms.mjs';
import { simulateConcept } from './simulate-concept.mjs';
import { simulateDrift } from './simulate-drift.mjs';
import { simulateFaults } from './simulate-faults.mjs';
import { simulateSilence } from './simulate-silence.mjs';

const NONE = 'none';
/** More failed runs: twice as many, and twice the margin. */
const FAILING = { failed: 0.01 };
const MOST_FALSE = 0.02;
/** Worse by twice a margin in one thing alone. Of failed runs few devices have most, so more devices fail too. */
const TWICE = {
  'failed-runs': { worse: FAILING },
  'failed-starts': { worse: { starts: 0.01 } },
  'slow-runs': { worse: { slow: 0.04 } },
  'missing-devices': { silent: 0.2 },
};
/** Devices in an hour. */
const MANY = 30;

/**
 * What the statistics say of simulated fleets of which the truth is known, by scenario: rows of name, value, interval and
 * target. Many seeds, without a collector between.
 *
 * @type {Record<string, (seeds: number) => Row[]>}
 */
export const SCENARIOS = {
  none: (seeds) => [
    ...quietFields(seeds),
    falseAlarms('false-concept-alarms', seeds, (seed) => simulateConcept({ seed }).hasAlarm),
    ...quietRollouts(seeds),
    falseAlarms('false-promotes-of-twice-the-margin', seeds, (seed) => {
      return simulateArms({ seed, worse: FAILING }).promotedAt !== undefined;
    }),
  ],
  steps: (seeds) => [
    ...Object.entries(TWICE).map(([name, worse]) => {
      return falseAlarms(`false-steps-of-twice-the-margin-of-${name}`, seeds, (seed) =>
        hasStepped(simulateArms({ seed, devices: 1000, ...worse })),
      );
    }),
    ...[500, 1000, 2000].map((devices) => {
      const found = each(seeds, (seed) => simulateArms({ seed, devices }));
      return share(`steps-of-unchanged-on-${devices}-devices`, found, hasStepped);
    }),
  ],
  drift: (seeds) => [
    ...driftRows(seeds, { concentration: 10, target: 0.95 }),
    ...driftRows(seeds, { concentration: 3 }),
  ],
  'part-drift': (seeds) => {
    const part = 'phone';
    const found = each(seeds, (seed) => simulateDrift({ seed, psi: 0.1, part, after: 12 }));
    return [
      share('part-drift-found', found, ({ named }) => named.includes(part), { atLeast: 0.95 }),
      share('another-part-named', found, ({ named }) => named.some((one) => one && one !== part)),
      share('whole-alarms-at-the-end', found, ({ hasAlarm }) => hasAlarm),
    ];
  },
  concept: (seeds) => {
    const found = each(seeds, (seed) => simulateConcept({ seed, fewer: 0.15 }));
    return [
      share('alarms-by-500-labels', found, ({ hasAlarm }) => hasAlarm, { atLeast: 0.95 }),
      mean('estimated-deficit', found, ({ deficit }) => deficit),
      mean('true-deficit', found, ({ truth }) => truth),
    ];
  },
  'slow-version': (seeds) => [
    rolledBack('rolled-back-in-20-looks', seeds, { looks: 20, worse: { slow: 0.05 } }),
  ],
  'slow-on-tablets': (seeds) => {
    // log-normal times of σ 0.6: 57 of 100 runs are over what 5 of 100 were, when all take three times as long
    const found = each(seeds, (seed) =>
      simulateArms({ seed, looks: 7 * 24, worse: { slow: 0.52 }, part: 'tablet' }),
    );
    return [
      share('class-roll-back', found, ({ because }) => because.includes('slow-runs-on-tablet'), {
        atLeast: 0.9,
      }),
    ];
  },
  'few-devices': (seeds) => [
    ...amberRows('real-faults-on-2-percent', seeds, { faulty: 0.02 }),
    ...amberRows('real-faults-on-8-percent', seeds, { faulty: 0.08 }),
    ...amberRows('failures-of-four-forged-cohorts', seeds, { forgedCohorts: 4 }),
  ],
  'failing-version': (seeds) => [
    rolledBack('rolled-back-in-20-looks', seeds, { looks: 20, worse: FAILING }, 0.9),
    rolledBack('rolled-back-in-100-looks-of-500-devices', seeds, { devices: 500, worse: FAILING }),
  ],
  'dying-version': (seeds) => {
    const found = each(seeds, (seed) => simulateArms({ seed, looks: 20, silent: 0.2 }));
    return [
      share(
        'named-by-missing-devices',
        found,
        // of the whole fleet or of a part
        ({ because }) => because.some((one) => one.startsWith('missing-devices')),
        {
          atLeast: 0.95,
        },
      ),
      share('promoted', found, ({ promotedAt }) => promotedAt !== undefined, { atMost: 0 }),
    ];
  },
  forged: (seeds) => {
    const hidden = each(seeds, (seed) => simulateArms({ seed, worse: FAILING, forge: 'hide' }));
    return [
      share(
        'unchanged-rolled-back-by-four-cohorts',
        each(seeds, (seed) => simulateArms({ seed, forge: 'blame' })),
        ({ rolledBackAt }) => rolledBackAt !== undefined,
        { atMost: 0 },
      ),
      share('failing-promoted-by-four-cohorts', hidden, ({ promotedAt }) => promotedAt, {
        atMost: 0,
      }),
      share('failing-steps-by-four-cohorts', hidden, hasStepped, { atMost: MOST_FALSE }),
      share(
        'failing-rolled-back-despite-four-cohorts',
        hidden,
        ({ rolledBackAt }) => rolledBackAt,
        {
          atLeast: 0.8,
        },
      ),
      share(
        'unchanged-rolled-back-by-all-cohorts',
        each(seeds, (seed) => simulateArms({ seed, forge: 'blame', forgedCohorts: 64 })),
        ({ rolledBackAt }) => rolledBackAt !== undefined,
      ),
    ];
  },
  silence: silenceRows,
  margins: (seeds) =>
    [500, 2000, 10_000].flatMap((devices) => {
      const found = each(seeds, (seed) =>
        simulateArms({ seed, devices, looks: 100, stops: false }),
      );
      const names = Object.keys(found[0].radii);
      return names.map((name) => {
        return mean(`radius-of-${name}-at-${devices}-devices`, found, ({ radii }) => radii[name]);
      });
    }),
};

/** @typedef {import('./shares.mjs').Row} Row */

function hasStepped({ steppedAt }) {
  return Object.keys(steppedAt).length > 0;
}

function quietFields(seeds) {
  const found = each(seeds, (seed) => simulateDrift({ seed }));
  const windows = found.flatMap(({ pValues, naivePValues }) =>
    pValues.map((pValue, i) => ({ pValue, naive: naivePValues[i] })),
  );
  return [
    share('false-drift-alarms', found, ({ hasFalseAlarm }) => hasFalseAlarm, {
      atMost: MOST_FALSE,
    }),
    share('false-part-drift-alarms', found, ({ hasFalsePartAlarm }) => hasFalsePartAlarm, {
      atMost: MOST_FALSE,
    }),
    share('windows-under-one-percent', windows, ({ pValue }) => pValue < 0.01),
    share('windows-under-one-percent-to-first-order', windows, ({ naive }) => naive < 0.01),
    mean('devices-in-a-window', found, ({ devices }) => devices),
  ];
}

function quietRollouts(seeds) {
  const found = each(seeds, (seed) => simulateArms({ seed }));
  const large = each(Math.ceil(seeds / 20), (seed) =>
    simulateArms({ seed, devices: 10_000, looks: 60 }),
  );
  return [
    share('false-roll-backs', found, ({ rolledBackAt }) => rolledBackAt !== undefined, {
      atMost: MOST_FALSE,
    }),
    share('of-which-by-a-part', found, ({ because }) =>
      because.some((one) => one.includes('-on-')),
    ),
    share('promoted-with-2000-devices', found, ({ promotedAt }) => promotedAt !== undefined),
    share('promoted-with-10000-devices', large, ({ promotedAt }) => promotedAt !== undefined),
  ];
}

/** Hours of fleets that do not change, and whether this level could tell that nobody reports in them. */
function silenceRows(seeds) {
  const hours = each(seeds, (seed) => simulateSilence({ seed })).flat();
  const found = hours.filter(({ count, fewest }) => count < fewest).length;
  const told = hours.filter(({ fewest }) => fewest > 0).map(({ usual }) => usual);
  const least = told.reduce((low, usual) => Math.min(low, usual), Number.POSITIVE_INFINITY);
  const many = hours.filter(({ usual }) => usual >= MANY);
  return [
    { name: 'silence-false', value: found, target: '≤ 1', ok: found <= 1 },
    { name: 'hours-judged', value: hours.length, target: NONE, ok: true },
    { name: 'least-expected-told', value: least, target: `≤ ${MANY}`, ok: least <= MANY },
    share(`told-where-${MANY}-are-expected`, many, ({ fewest }) => fewest > 0, { atLeast: 0.95 }),
  ];
}

function falseAlarms(name, seeds, isFalse) {
  return share(name, each(seeds, isFalse), Boolean, { atMost: MOST_FALSE });
}

/** Faults that the health line blames, and those of them that it says few devices make. */
function amberRows(name, seeds, options) {
  const found = each(seeds, (seed) => simulateFaults({ seed, ...options }));
  return [
    share(`${name}-blamed`, found, ({ isBlamed }) => isBlamed),
    share(`${name}-amber`, found, ({ isByFew }) => isByFew),
  ];
}

function driftRows(seeds, { concentration, target }) {
  const found = each(seeds, (seed) => simulateDrift({ seed, psi: 0.1, concentration }));
  const goal = target === undefined ? {} : { atLeast: target };
  return [
    share(`alarms-in-two-windows-at-${concentration}`, found, ({ hasAlarm }) => hasAlarm, goal),
    mean(`estimated-psi-at-${concentration}`, found, ({ estimate }) => estimate),
    mean(`true-psi-at-${concentration}`, found, ({ truth }) => truth),
  ];
}

function rolledBack(name, seeds, options, target) {
  const found = each(seeds, (seed) => simulateArms({ seed, ...options }));
  const goal = target === undefined ? {} : { atLeast: target };
  return share(name, found, ({ rolledBackAt }) => rolledBackAt !== undefined, goal);
}

function mean(name, found, value) {
  const sum = found.reduce((all, one) => all + value(one), 0);
  return { name, value: sum / found.length, target: NONE, ok: true };
}

function each(seeds, simulate) {
  return Array.from({ length: seeds }, (_, i) => simulate(i + 1));
}
