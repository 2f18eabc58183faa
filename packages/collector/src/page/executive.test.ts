import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answers, Unanswered } from '../../dashboard/asking/ask.js';
import { EXECUTIVE_QUESTIONS, reportMarkdown } from '../../dashboard/executive/executive.js';
import { type MonthReport, monthReport } from '../../dashboard/executive/month-report.js';
import { monthsOf } from '../../dashboard/executive/months.js';
import { csvOf } from '../../dashboard/table/csv.js';
import type { ReleaseEvent } from '../fleet/releases.js';
import type { RollupStore } from '../store/rollup-store.js';
import { DAY_MS, FACTS, HOUR_MS, MONDAY_MS } from '../testing/fleet-store.js';
import { pageAnswers } from '../testing/page-answers.js';
import { DEVICES, FRIDAY_MS, seededFleet } from '../testing/seeded-fleet.js';

const RUNS = 4 * 24 * 2 * DEVICES * 10;
const FAILED = 24 * DEVICES;

let store: RollupStore;
let answers: Answers;
let report: MonthReport;

async function march(more: Partial<Answers> = {}) {
  const asked = await pageAnswers(store, EXECUTIVE_QUESTIONS, {
    search: '?view=executive&month=2026-03',
    nowMs: FRIDAY_MS + HOUR_MS,
    facts: FACTS,
  });
  const all = { ...asked.answers, ...more };
  return { answers: all, report: monthReport(all, monthsOf(asked.moment)) };
}

beforeAll(async () => {
  store = await seededFleet();
  ({ answers, report } = await march());
}, 60_000);
afterAll(() => store.close());

function rowsOf(id: string): string[] {
  const section = report.sections.find((one) => one.id === id);
  return csvOf(section?.table ?? { columns: [], rows: [], none: '' })
    .split('\r\n')
    .slice(1, -1);
}

test('the month is told in five sentences that are made of its numbers, its cost first', () => {
  expect(report.title).toBe('digits in March 2026 so far (6 of 31 days)');
  const [cost, use, objectives, accuracy, releases] = report.sentences;
  expect(report.sentences).toHaveLength(5);
  expect(cost).toBe(
    'digits cost <€0.01 in March 2026 so far (6 of 31 days), €1.84 (99.93%) less than the €1.84 of the same runs on a server.',
  );
  expect(use).toBe('digits ran 46.1K times, on 48 devices on the busiest day.');
  expect(objectives).toMatch(
    /^It was inside its objectives on 3 of 4 days: 98\.8% of runs succeeded \(target 99\.90%\)/,
  );
  expect(accuracy).toMatch(/^1\.[01]\.0, which most devices had, was right in \d/);
  expect(releases).toMatch(/^(Nothing was released\.|Released: )/);
});

test('the calendar has each day, inside its objectives or outside', () => {
  const perDay = RUNS / 4;
  expect(rowsOf('calendar')).toEqual([
    ...['02', '03', '04'].map((day) => `2026-03-${day},${perDay},1,1,yes`),
    `2026-03-05,${perDay},${1 - FAILED / perDay},1,no`,
  ]);
});

test('where the month before has no data, figures stand alone', () => {
  const rows = rowsOf('month-figures');
  expect(rows[0]).toBe(`Runs of all devices,${RUNS}`);
  expect(rows[2]).toBe(`Runs that succeed,${1 - FAILED / RUNS}`);
  expect(rows[5]).toBe('Days inside the objectives,3');
  expect(rows[6]).toMatch(/^Budget for failures left,-11\.5$/);
  for (const { table } of report.sections) {
    expect(table.columns.join()).not.toMatch(/before|February/);
  }
});

test('where it has data, each figure stands beside its own of then', async () => {
  const earlier = {
    monthBefore: answers.month,
    monthObjectivesBefore: answers.monthObjectives,
    monthCostBefore: answers.monthCost,
    monthAccuracyBefore: answers.monthAccuracy,
    monthCoverageBefore: answers.monthCoverage,
  } as Partial<Answers>;
  const told = await march(earlier);
  for (const { id, table } of told.report.sections.slice(1, 5)) {
    expect(table.columns.join(), id).toMatch(/before|February/);
    for (const row of table.rows) expect(row.length, id).toBe(table.columns.length);
  }
});

test('accuracy stands beside what came of it, by release', () => {
  const header = report.sections.find(({ id }) => id === 'month-accuracy')?.table.columns;
  expect(header).toContain('bought');
  const newest = rowsOf('month-accuracy').find((row) => row.startsWith('1.1.0'));
  expect(newest).toContain(',0.5,');
});

test('cost stands beside that of the same runs on a server', () => {
  const rows = rowsOf('month-cost');
  // megabytes of desktops on Thursday noon, at 0.05 a gigabyte
  expect(rows[0]).toBe(`On devices,${(DEVICES * 1e6 * 0.05) / 1e9}`);
  expect(rows[1]).toBe(`The same on a server,${(RUNS * 40) / 1e6}`);
});

test('devices that cost more than a server are said to, by how much', async () => {
  const more = {
    ...answers.monthCost,
    total: { amount: 20.67, serverAmount: 6.47, perMillion: 127.8, inferences: 161_750, bytes: 0 },
  };
  const told = await march({ monthCost: more as never });
  expect(told.report.sentences[0]).toBe(
    'digits cost €20.67 in March 2026 so far (6 of 31 days), €14.20 more than the €6.47 of the same runs on a server.',
  );
  const rows = told.report.sections.find(({ id }) => id === 'month-cost')?.table.rows ?? [];
  expect(rows[2]?.map(({ text }) => text)).toEqual(['Saved', '−€14.20']);
  expect(rows[2]?.[1]?.value).toBeCloseTo(6.47 - 20.67, 10);
});

test('without prices, the first sentence says what would tell the cost', async () => {
  const unknown = { missing: 'no-prices', currency: null, total: {} };
  const told = await march({ monthCost: unknown as never });
  expect(told.report.sentences[0]).toBe(
    'What digits cost in March 2026 is not known: start the collector with --prices prices.json.',
  );
  const refused = await march({ monthCost: new Unanswered('The collector answered 500.') });
  expect(refused.report.sentences[0]).toBe(
    'What digits cost in March 2026 is not known. The collector answered 500.',
  );
});

test('a month of ten runs is said to be too little to judge', async () => {
  const total = { reports: 2, estimatedCount: 10, devices: 1 };
  const told = await march({ month: { total } as never });
  expect(told.report.sentences).toEqual([
    'digits ran 10 times in March 2026 so far (6 of 31 days), on 1 device on the busiest day: too little to judge the month.',
    expect.stringMatching(/^(Nothing was released\.|Released: )/),
  ]);
});

test('of a hundred releases the newest five are named', async () => {
  const events = Array.from({ length: 100 }, (_, i) => ({
    atMs: MONDAY_MS + i * 60_000,
    version: `1.0.${i}`,
    state: 'stable',
    rollout: null,
  }));
  const told = await march({
    monthReleases: { events } as never,
    monthDeliveries: { deliveries: { deployments: 99, revoked: 0 } } as never,
  });
  // that the first was there when the record began is no release
  expect(told.report.sentences.at(-1)).toBe(
    'Released: 1.0.95, 1.0.96, 1.0.97, 1.0.98, 1.0.99 and 94 others; taken back: 0 of 99 (0%).',
  );
});

test('a version that was taken back says how long it was out, and how long after the verdict', async () => {
  const released: ReleaseEvent[] = [
    { atMs: 0, version: '1.0.0', state: 'stable', rollout: null },
    { atMs: MONDAY_MS, version: '1.2.0', state: 'canary', rollout: { fromBps: 0, toBps: 500 } },
    { atMs: MONDAY_MS + 52 * HOUR_MS, version: '1.2.0', state: 'revoked', rollout: null },
  ];
  const verdicts = [
    { version: '1.2.0', atMs: MONDAY_MS + 24 * HOUR_MS, verdict: 'hold' },
    { version: '1.2.0', atMs: MONDAY_MS + 48 * HOUR_MS, verdict: 'roll-back' },
  ];
  const told = await march({
    monthReleases: { events: released } as never,
    monthFindings: { findings: [], verdicts } as never,
    monthDeliveries: { deliveries: { deployments: 1, revoked: 1 } } as never,
  });
  expect(told.report.sentences.at(-1)).toBe(
    'Released: 1.2.0; taken back: 1 of 1 (100%). 1.2.0 was taken back after 2 d 4 h.',
  );
  const rows = told.report.sections.find(({ id }) => id === 'month-releases')?.table.rows;
  expect(rows?.map((cells) => cells.slice(1).map(({ text }) => text))).toEqual([
    ['1.2.0 goes to 5% of devices', ''],
    ['1.2.0 is taken back', 'out for 2 d 4 h, 4 h after the verdict'],
  ]);
});

test('the month has its deployments, the share taken back, the lead time and the time to restore', async () => {
  const deliveries = {
    deployments: 4,
    revoked: 1,
    leadMs: 60 * HOUR_MS,
    restoreMs: 52 * HOUR_MS,
    restoreFromVerdictMs: 4 * HOUR_MS,
  };
  const none = {
    deployments: 0,
    revoked: 0,
    leadMs: null,
    restoreMs: null,
    restoreFromVerdictMs: null,
  };
  const told = await march({
    monthBefore: answers.month as never,
    monthDeliveries: { deliveries } as never,
    monthDeliveriesBefore: { deliveries: none } as never,
  });
  const figures = told.report.sections.find(({ id }) => id === 'month-figures')?.table;
  const words = figures?.rows.slice(-4).map((cells) => cells.map(({ text }) => text));
  expect(words).toEqual([
    ['Deployments', '4', '0'],
    ['Taken back', '1 of 4 (25.0%)', '–'],
    ['Lead time', '2 d 12 h', '–'],
    ['Time to restore', '2 d 4 h', '–'],
  ]);
  expect(figures?.rows.at(-1)?.[1]?.aside).toBe('4 h after the verdict');
  expect(figures?.rows.at(-3)?.[1]?.value).toBe(0.25);
});

test('findings are told by kind, with how many there were and for how long one was open', async () => {
  const monthMs = Date.parse('2026-03-01T00:00:00Z');
  const finding = (kind: string, from: number, to: number | null) => ({
    ...{ kind, subject: '', revision: null, figures: { id: kind } },
    beganMs: monthMs + from * HOUR_MS,
    endedMs: to === null ? null : monthMs + to * HOUR_MS,
  });
  const lookedMs = FRIDAY_MS + HOUR_MS;
  const findings = [
    // from the month before, and two that overlap
    finding('drift', -5, 2),
    finding('drift', 10, 14),
    finding('drift', 12, 17),
    finding('silence', 20, 20.5),
    finding('success', 120, null),
    // the answer is of whole steps
    finding('latency', -9, -1),
  ];
  const told = await march({
    monthFindings: { lookedMs, unlooked: [], findings, verdicts: [] } as never,
  });
  expect(told.report.sentences[3]).toBe(
    'Found: 1 × silence (30 min), 1 × success under its target (1 h) and 3 × drift (9 h).',
  );
  const table = told.report.sections.find(({ id }) => id === 'month-findings')?.table;
  expect(csvOf(table as never)).toBe(
    [
      'Finding,How many,Time with one (ms)',
      `silence,1,${HOUR_MS / 2}`,
      `success under its target,1,${HOUR_MS}`,
      `drift,3,${9 * HOUR_MS}`,
      '',
    ].join('\r\n'),
  );
  expect(reportMarkdown(told.report)).toContain('| drift | 3 | 9 h |');
  const never = await march({
    monthFindings: { lookedMs: null, unlooked: [], findings: [], verdicts: [] } as never,
  });
  expect(reportMarkdown(never.report)).toContain('The collector has not looked for findings');
  expect(never.report.sentences.join()).not.toContain('finding');
});

test('Markdown says the same as the page', () => {
  const markdown = reportMarkdown(report);
  expect(markdown).toContain(`# ${report.title}\n\n${report.sentences.join('\n\n')}\n`);
  for (const { title } of report.sections) expect(markdown).toContain(`## ${title}\n`);
  expect(markdown).toContain('| 2026-03-05 |');
});

test('a month in which nothing ran is said to be so', async () => {
  const asked = await pageAnswers(store, EXECUTIVE_QUESTIONS, {
    search: '?view=executive&month=2026-02',
    nowMs: FRIDAY_MS + HOUR_MS,
    facts: FACTS,
  });
  const empty = monthReport(asked.answers, monthsOf(asked.moment));
  expect(empty.title).toBe('digits in February 2026');
  expect(empty.sentences[0]).toBe(
    'Nothing ran in February 2026. The reports of digits are of March 2026.',
  );
  expect(empty.sections.map(({ id }) => id)).toEqual(['month-findings', 'month-releases']);
  expect(answers.month).toBeDefined();
});

test('a month in which the collector did not look at all times says for how long, and calls nothing healthy', async () => {
  const monthMs = Date.parse('2026-03-01T00:00:00Z');
  const after = (hours: number) => monthMs + hours * HOUR_MS;
  const { sentences, ...report } = await reportOf([
    { fromMs: null, toMs: after(48) },
    { fromMs: after(50), toMs: after(53) },
  ]);
  expect(sentences).toContain('Nothing was found. For 2 d 3 h the collector did not look.');
  expect(reportMarkdown({ sentences, ...report })).toContain(
    'For 2 d 3 h of this month the collector did not look: what was wrong then is not known.',
  );
  expect((await reportOf([])).sentences).toContain('No finding was open.');

  async function reportOf(unlooked: readonly object[]) {
    const lookedMs = FRIDAY_MS + 2 * DAY_MS;
    const found = { lookedMs, unlooked, findings: [], verdicts: [] };
    return (await march({ monthFindings: found as never })).report;
  }
});
