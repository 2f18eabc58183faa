import { beforeAll, expect, test } from 'vitest';
import { type Answers, answered, Unanswered } from '../../dashboard/asking/ask.js';
import type { Moment } from '../../dashboard/state/moment.js';
import { HEALTH_QUESTIONS, healthFindings, healthOf } from '../../dashboard/words/findings.js';
import { formatMoment } from '../../dashboard/words/format.js';
import { lookedAtWords } from '../../dashboard/words/looks.js';
import { type Finding, findingsOf } from '../findings/findings-of.js';
import type { FleetFindings } from '../fleet/findings.js';
import {
  DAY_MS,
  type DeviceReport,
  FACTS,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { pageAnswers } from '../testing/page-answers.js';

/** What the page asks of a store, and what a look at the end of that time writes down. */
async function answersOf(
  reports: readonly DeviceReport[],
  { fromMs = MONDAY_MS, minDevices = 20 } = {},
): Promise<{ answers: Answers; moment: Moment }> {
  const store = await storeOf(reports);
  const { answers, moment } = await pageAnswers(
    store,
    [...HEALTH_QUESTIONS, 'objectives', 'parts'],
    {
      search: `?from=${new Date(fromMs).toISOString()}&to=${new Date(fromMs + 3 * DAY_MS).toISOString()}`,
      nowMs: fromMs + 3 * DAY_MS + HOUR_MS,
      facts: FACTS,
      minDevices,
    },
  );
  await store.close();
  const names = [
    'silence',
    'canary',
    'service',
    'drift',
    'accuracy',
    'objectives',
    'parts',
  ] as const;
  const found = findingsOf(
    Object.fromEntries(names.map((name) => [name, answered(answers, name)])),
  );
  const findings = writtenAt(moment, found);
  return { answers: { ...answers, findings }, moment };
}

/** The answer of a collector that has looked at the end of the time that is shown. */
function writtenAt({ model, fromMs, toMs }: Moment, found: readonly Finding[]): FleetFindings {
  const findings = found.map((figures) => ({
    kind: figures.id,
    version: 'version' in figures ? figures.version : null,
    subject: 'distribution' in figures ? figures.distribution : '',
    beganMs: BEGAN_MS,
    endedMs: null,
    revision: null,
    figures,
  }));
  return { model, fromMs, toMs, lookedMs: toMs, unlooked: [], findings, verdicts: [] };
}

async function healthAt(...asked: Parameters<typeof answersOf>) {
  const { answers, moment } = await answersOf(...asked);
  return healthOf(answers, moment);
}

const BEGAN_MS = MONDAY_MS + HOUR_MS;
const SINCE = `since ${formatMoment(BEGAN_MS)}`;

/** Some devices of each hour that is named. */
function hours(list: readonly number[], more: (i: number) => Partial<DeviceReport> = () => ({})) {
  return list.flatMap((hour) =>
    Array.from({ length: 64 }, (_, i): DeviceReport => {
      return { atMs: MONDAY_MS + hour * HOUR_MS, g: i % 64, ...more(i) };
    }),
  );
}

const TO_TELL = ', to tell whether inputs or answers change, or devices fall silent';

const THREE_DAYS = Array.from({ length: 72 }, (_, i) => i);

let healthy: Awaited<ReturnType<typeof answersOf>>;
beforeAll(async () => {
  healthy = await answersOf(hours(THREE_DAYS));
}, 60_000);

test('a model that ran ten times is not called healthy: what is missing is said, and when it is there', async () => {
  const ten = [{ atMs: MONDAY_MS, g: 7, version: '9.0.0', ok: 10 }];
  const { state, lookedAt } = await healthAt(ten, { minDevices: 1 });
  expect(state).toBe('too-early');
  const past = `no past until ${formatMoment(MONDAY_MS + 7 * DAY_MS)}`;
  expect(lookedAt.has).toEqual(['10 runs', '1 device', 'no baseline', 'no past']);
  expect(lookedAt.missing).toEqual([
    '10 of 100 runs',
    '1 of 20 devices',
    'no baseline until a release brings one',
    `${past}${TO_TELL}`,
    'no labels until the app gives feedback',
  ]);
  expect(lookedAt.seen).toEqual([]);
  // 60 in the 24 hours since the first
  const sixty = [48, 52, 56, 60, 64, 68].map((hour) => ({
    ...ten[0],
    atMs: MONDAY_MS + hour * HOUR_MS,
    g: 7,
  }));
  const soon = (await healthAt(sixty, { minDevices: 1 })).lookedAt.missing;
  expect(soon).toContain(
    `60 of 100 runs, the rest by about ${formatMoment(MONDAY_MS + 88 * HOUR_MS)}`,
  );
});

test('a fleet that is smaller than looks judge is not called healthy on the collector’s own machine either', async () => {
  const { answers, moment } = healthy;
  const { state, lookedAt } = healthOf(answers, { ...moment, minDevices: 10_000 });
  expect(state).toBe('too-early');
  expect(lookedAt.has).toContain('1,536 devices');
  expect(lookedAt.missing).toContain('1,536 of 10,000 devices');
});

test('a past that several findings lack is said once, with the day from which on all have it', () => {
  const day = (days: number) => MONDAY_MS + days * DAY_MS;
  const { missing, unseen } = lookedAtWords([
    { id: 'silence', lacks: [{ what: 'past', atMs: day(7) }] },
    { id: 'drift', lacks: [{ what: 'past', atMs: day(3) }] },
  ]);
  expect(missing).toEqual([`no past until ${formatMoment(day(7))}${TO_TELL}`]);
  expect(unseen).toEqual([
    `silence: no past until ${formatMoment(day(7))}`,
    `drift: no past until ${formatMoment(day(3))}`,
  ]);
});

test('how many devices there are and are needed is said, and not the count of an hour in which none came', () => {
  const { has, missing } = lookedAtWords([
    { id: 'silence', lacks: [{ what: 'devices', have: 0, need: null, atMs: null }] },
    { id: 'success', lacks: [{ what: 'devices', have: 12, need: 20, atMs: null }] },
  ]);
  expect(has).toEqual(['12 devices']);
  expect(missing).toEqual(['12 of 20 devices']);
});

/** Three hours that end with a look. */
const SHOWN = {
  model: 'digits',
  fromMs: MONDAY_MS,
  toMs: MONDAY_MS + 3 * HOUR_MS,
  nowMs: MONDAY_MS + 3 * HOUR_MS,
} as Moment;

/** The answers of a collector to which nothing is refused. */
function written(more: Partial<FleetFindings>, shown = SHOWN) {
  const rest = HEALTH_QUESTIONS.map((name) => [name, { versions: [], rollouts: [], hours: [] }]);
  const findings = { ...writtenAt(shown, []), ...more };
  return { ...Object.fromEntries(rest), silence: undefined, service: undefined, findings };
}

const SILENCE: Finding = { id: 'silence', sinceMs: MONDAY_MS, isOlder: false };

test('since when something is wrong is the time that was written down, with the hour from which reports have it', () => {
  const { findings } = writtenAt(SHOWN, [SILENCE]);
  expect(healthFindings(written({ findings }), SHOWN)).toEqual([
    {
      id: 'silence',
      text: `Far fewer devices of the whole fleet report than usual, ${SINCE}: the first hour with too few began ${formatMoment(MONDAY_MS)}.`,
      more: '',
    },
  ]);
  const [older] = writtenAt(SHOWN, [{ ...SILENCE, isOlder: true }]).findings;
  const [found] = healthFindings(written({ findings: [older as never] }), SHOWN);
  expect(found?.text).toContain(`began before ${formatMoment(MONDAY_MS)}.`);
});

test('a time in the past has what was open then: neither what had ended, nor what came later', () => {
  const [one] = writtenAt(SHOWN, [SILENCE]).findings;
  const openAt = (endedMs: number | null, toMs: number) =>
    healthFindings(written({ findings: [{ ...one, endedMs } as never] }), { ...SHOWN, toMs })
      .length;
  const endMs = BEGAN_MS + HOUR_MS;
  // the collector rounds a range out to whole steps, so it tells of what came after the end
  expect(openAt(null, BEGAN_MS - 1)).toBe(0);
  expect(openAt(endMs, BEGAN_MS)).toBe(1);
  expect(openAt(endMs, endMs - 1)).toBe(1);
  expect(openAt(endMs, endMs)).toBe(0);
});

test('before the first look nobody is told healthy, but when looks come', () => {
  const { state, looked } = healthOf(written({ lookedMs: null }), SHOWN);
  expect(state).toBe('not-yet');
  expect(looked).toContain('It looks when it starts, and every five minutes after that.');
});

test('a collector that has not looked for over 15 minutes says so before all else, and calls nothing healthy', () => {
  const lookedMs = SHOWN.toMs - 15 * 60_000;
  const { findings } = writtenAt(SHOWN, [SILENCE]);
  expect(healthOf(written({ lookedMs }), SHOWN).state).not.toBe('unwatched');
  const blind = healthOf(written({ lookedMs: lookedMs - 1, findings }), SHOWN);
  expect(blind).toMatchObject({ state: 'unwatched', findings: [{ id: 'silence' }] });
  expect(blind.looked).toBe(
    `The collector has not looked since ${formatMoment(lookedMs - 1)}: what began or ended after that is not known.`,
  );
  // of a time before that it knows
  const earlier = { ...SHOWN, toMs: lookedMs };
  expect(healthOf(written({ lookedMs: lookedMs - 1 }), earlier).looked).toBe('');
});

test('a past at which nobody looked is not called healthy, and what was open before is said', () => {
  const { fromMs, toMs } = SHOWN;
  const minute = (n: number) => fromMs + n * 60_000;
  const unlooked = [
    { fromMs: null, toMs: minute(20) },
    { fromMs: minute(60), toMs: minute(120) },
  ];
  const { findings } = writtenAt(SHOWN, [SILENCE]);
  const at = (n: number, found: typeof findings = []) =>
    healthOf(written({ lookedMs: toMs, unlooked, findings: found }), { ...SHOWN, toMs: minute(n) });
  expect(at(10)).toMatchObject({
    state: 'unwatched',
    looked: `The collector looked for the first time on ${formatMoment(minute(20))}: what was wrong before is not known.`,
  });
  expect(at(90, findings)).toMatchObject({
    state: 'unwatched',
    findings: [{ id: 'silence' }],
    looked: `The collector did not look from ${formatMoment(minute(60))} to ${formatMoment(minute(120))}: what began or ended then is not known.`,
  });
  for (const watched of [20, 50, 75, 120, 150]) expect(at(watched).state).not.toBe('unwatched');
});

test('what was found is said while other answers are on their way, and a refusal says nothing healthy', () => {
  const { findings } = writtenAt(SHOWN, [SILENCE]);
  expect(healthOf({ findings: { ...writtenAt(SHOWN, []), findings } }, SHOWN).state).toBe('unwell');
  expect(healthOf({ findings: writtenAt(SHOWN, []) }, SHOWN).state).toBe('looking');
  const refused = { ...written({}), findings: new Unanswered('Busy.') };
  expect(
    healthOf({ ...refused, silence: refused.drift, service: refused.drift }, SHOWN),
  ).toMatchObject({ state: 'not-known', refused: ['Busy.'] });
});

test('healthy is said of what could be looked at, with what would have been found', async () => {
  const { state, findings, lookedAt } = healthOf(healthy.answers, healthy.moment);
  expect(findings).toEqual([]);
  expect(state).toBe('well');
  expect(lookedAt.names).toBe('success, latency and drift');
  expect(lookedAt.unseen).toEqual([
    `silence: no past until ${formatMoment(MONDAY_MS + 7 * DAY_MS)}`,
    'accuracy: no labels until the app gives feedback',
  ]);
  expect(lookedAt.seen).toEqual([
    expect.stringMatching(/^success: below about 9\d\.\d+% of runs in two hours$/),
    expect.stringMatching(
      /^latency: below about 9\d\.\d% of results within the target for P95 in two hours$/,
    ),
    expect.stringMatching(/^drift: a population stability index from about 0\.0\d+ on$/),
    'distance from the baseline: a population stability index from 0.25 on',
  ]);
});

test('a field that is far from the lab is told beside the health, which stays as it is', () => {
  const { state, findings, beside, lookedAt } = healthOf(healthy.answers, healthy.moment);
  expect({ state, findings }).toEqual({ state: 'well', findings: [] });
  expect(lookedAt.names).toBe('success, latency and drift');
  expect(beside).toEqual([
    {
      id: 'baseline',
      text: expect.stringContaining(
        `What 1.0.0 sees or says is far from its baseline, ${SINCE}: class, in reports from `,
      ),
      more: '',
    },
  ]);
  expect(lookedAtWords([{ id: 'baseline', sees: 0.25 }]).names).toBe('');
});

test('a collector that does not answer is no alarm', () => {
  expect(healthFindings({}, SHOWN)).toEqual([]);
});

test('silence comes first, with its hour; what misses its target follows', async () => {
  const week = Array.from({ length: 7 * 24 }, (_, i) => i - 7 * 24);
  const badly = () => ({ ok: 9, failed: 1, latencyMs: 900 });
  const reports = [...hours(week), ...hours(THREE_DAYS.slice(0, 66), badly)];
  const later = reports.map((report) => ({ ...report, atMs: report.atMs + 7 * DAY_MS }));
  const { answers, moment } = await answersOf(
    later.filter(({ g }) => g < 24),
    { fromMs: MONDAY_MS + 7 * DAY_MS },
  );
  const found = healthFindings(answers, moment);
  expect(found.map(({ id }) => id)).toEqual(['silence', 'success', 'latency']);
  expect(found[1]?.text).toBe(
    `1.0.0 fails too often, ${SINCE}: 90.0% of runs succeeded then, the target is 99.90%.`,
  );
  expect(found[1]?.more).toBe('No part of the fleet has more of it than others.');
  expect(found[2]?.text).toMatch(/^1\.0\.0 is too slow, since .+: it took [89]\d\d ms at P95 then/);
});

test('a model with enough runs is healthy at night too, and which checks had too few in two hours is said', async () => {
  const { answers, moment } = healthy;
  const quiet = await answersOf([{ atMs: MONDAY_MS + 71 * HOUR_MS, g: 1, ok: 60 }]);
  const night = { ...answers, serviceLately: quiet.answers.service } as Answers;
  const { state, lookedAt } = healthOf(night, moment);
  expect(state).toBe('well');
  expect(lookedAt.names).toBe('drift');
  expect(lookedAt.unseen).toContain('success: 0 of 20 devices in two hours');
  const blind = { ...night, drift: undefined } as Answers;
  const little = healthOf({ ...blind, drift: { versions: [] } } as never, moment);
  expect(little.state).toBe('too-little');
  expect(little.lookedAt.has).toContain('0 devices in two hours');
});

test('a canary that is worse is named with its begin, and with the measures that say so', async () => {
  const side = (arm: 'canary' | 'control') =>
    hours(THREE_DAYS.slice(0, 10), (i) => {
      const failed = arm === 'canary' && i % 2 === 0 ? 5 : 0;
      return { arm, version: arm === 'canary' ? '1.1.0' : '1.0.0', ok: 10 - failed, failed };
    });
  const { answers, moment } = await answersOf([...side('canary'), ...side('control')]);
  const found = healthFindings(answers, moment);
  const rollout = found.find(({ id }) => id === 'rollout');
  expect(rollout?.text).toBe(`1.1.0 is worse than its control, ${SINCE}: roll it back.`);
  expect(rollout?.more).toMatch(
    /^It went out on 2 Mar.*, 00:00, and was then on 640 devices\. Failed runs \+\d+\.\d points/,
  );
});
