import { CANARY, STABLE } from './model.mjs';

/** The sketch's bound at scale 3. */
const QUANTILE_BOUND = 0.0434;
const HOUR_MS = 3_600_000;

/** Each figure of a week beside the truth. */
export function judgeWeek(found, { forges, expected }) {
  return [
    ...(forges ? [] : countRows(found)),
    ...scenarioRows(found.answers, expected),
    plain('peak-memory-bytes', found.peakBytes, 'flat in the number of devices'),
    plain('database-bytes', found.databaseBytes, 'flat in the number of devices'),
    plain('seconds', found.seconds, 'none'),
  ];
}

function countRows({ truth, sent, answers }) {
  const { count, successRate, ...percentiles } = answers.latency.total;
  const ok = Math.round(count * (successRate ?? 1));
  const quantiles = ['p50Ms', 'p95Ms', 'p99Ms'].map((name) => {
    const error = percentiles[name] / truth[name] - 1;
    const expected = `within ±${QUANTILE_BOUND} of ${truth[name].toFixed(3)}`;
    return { name: `${name}-error`, value: error, expected, ok: Math.abs(error) <= QUANTILE_BOUND };
  });
  return [
    exact('counted', answers.reports.accepted, truth.reports),
    exact('ok', ok, truth.ok),
    exact('failed', count - ok, truth.failed),
    exact('duplicates', answers.reports.duplicate, sent.duplicates),
    ...quantiles,
  ];
}

function scenarioRows({ drift, accuracy, canary, silence }, expected) {
  const { driftSinceMs = null, segment, concept = false, because, silentSinceMs = null } = expected;
  const stable = drift.versions.find(({ version }) => version === STABLE);
  const confidence = stable.distributions.find(({ name }) => name === 'confidence');
  const newest = confidence.windows.at(-1).change;
  const { concept: found } = accuracy.versions.find(({ version }) => version === STABLE);
  const { verdict } = canary.rollouts.find(({ version }) => version === CANARY);
  const alarms = stable.distributions.filter(({ alarmSinceMs }) => alarmSinceMs !== null);
  return [
    atHour('drift-since', confidence.alarmSinceMs, driftSinceMs),
    exact('distributions-with-an-alarm', alarms.length, driftSinceMs === null ? 0 : 1),
    plain('drift-psi-less-its-expectation', newest.psi - newest.expectedPsi, 'none'),
    ...(segment ? [exact('drift-is-carried-by', confidence.segments[0]?.value, segment)] : []),
    exact('concept-alarm', found?.isAlarm ?? false, concept),
    plain('concept-deficit', found?.deficit ?? null, 'none'),
    exact('rolled-back', verdict.verdict === 'roll-back', because !== undefined),
    ...(because ? [exact(`because-of-${because}`, verdict.because.includes(because), true)] : []),
    plain('verdict', verdict.verdict, 'none'),
    atHour('silent-since', silence.silentSinceMs, silentSinceMs),
  ];
}

function exact(name, value, expected) {
  return { name, value, expected, ok: value === expected };
}

function plain(name, value, expected) {
  return { name, value, expected, ok: true };
}

/** Within the hour after it began. */
function atHour(name, ms, truth) {
  const time = (value) => (value === null ? null : new Date(value).toISOString());
  const isRight = truth === null ? ms === null : ms !== null && Math.abs(ms - truth) <= HOUR_MS;
  return { name, value: time(ms), expected: time(truth), ok: isRight };
}
