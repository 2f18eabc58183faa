/** The sketch's bound at scale 3. */
const QUANTILE_BOUND = 0.0434;
const HOUR_MS = 3_600_000;

/** Each figure of a simulated fleet beside the truth. */
export function judgeAnswers(found, { forges, expected }) {
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

function scenarioRows({ drift, accuracy, canary, silence, findings }, expected) {
  const { version, concept = false, silentSinceMs = null, silentHours, rollouts } = expected;
  const { written = [] } = expected;
  const { concept: found } = accuracy.versions.find((one) => one.version === version);
  const silent = silence.hours.filter(({ isSilent }) => isSilent).length;
  return [
    ...driftRows(
      drift.versions.find((one) => one.version === version),
      expected,
    ),
    exact('concept-alarm', found?.isAlarm ?? false, concept),
    plain('concept-deficit', found?.deficit ?? null, 'none'),
    ...rollouts.flatMap((rollout) => rolloutRows(canary, rollout)),
    within('silent-since', silence.silentSinceMs, silentSinceMs, HOUR_MS),
    ...(silentHours === undefined ? [] : [exact('silent-hours', silent, silentHours)]),
    ...written.map((one) => exact(`written: ${one}`, writtenIn(findings).includes(one), true)),
  ];
}

/** "1.1.0 rollout ended" */
function writtenIn({ findings }) {
  return findings.map(({ version, kind, endedMs }) =>
    [version, kind, endedMs === null ? 'open' : 'ended'].filter(Boolean).join(' '),
  );
}

function driftRows({ windowMs, distributions }, { driftSinceMs = null, segment }) {
  const confidence = distributions.find(({ name }) => name === 'confidence');
  const newest = confidence.windows.at(-1).change;
  const alarms = distributions.filter(({ alarmSinceMs }) => alarmSinceMs !== null);
  return [
    within('drift-since', confidence.alarmSinceMs, driftSinceMs, windowMs),
    exact('distributions-with-an-alarm', alarms.length, driftSinceMs === null ? 0 : 1),
    plain('drift-psi-less-its-expectation', newest.psi - newest.expectedPsi, 'none'),
    ...(segment ? [exact('drift-is-carried-by', confidence.segments[0]?.value, segment)] : []),
  ];
}

/** Rolled back where something is wrong with the version, and because of that. */
function rolloutRows(canary, { version, because }) {
  const { verdict } = canary.rollouts.find((one) => one.version === version);
  // what holds a rollout back is no reason to take it back
  const named = verdict.verdict === 'roll-back' ? verdict.because : [];
  return [
    exact(`rolled-back-${version}`, verdict.verdict === 'roll-back', because !== undefined),
    ...(because
      ? [
          {
            name: `because-${version}`,
            value: named.join(', '),
            expected: because.join(' or '),
            ok: because.some((one) => named.includes(one)),
          },
        ]
      : []),
    plain(`verdict-${version}`, verdict.verdict, 'none'),
  ];
}

function exact(name, value, expected) {
  return { name, value, expected, ok: value === expected };
}

function plain(name, value, expected) {
  return { name, value, expected, ok: true };
}

/** A time that is found by whole windows. */
function within(name, ms, truth, windowMs) {
  const time = (value) => (value === null ? null : new Date(value).toISOString());
  const isRight = truth === null ? ms === null : ms !== null && Math.abs(ms - truth) <= windowMs;
  return { name, value: time(ms), expected: time(truth), ok: isRight };
}
