import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { openSqliteRollupStore } from '../packages/collector/src/sqlite/sqlite-rollup-store.js';
import { DAY_MS, factsOf, HOUR_MS } from '../packages/collector/src/testing/fleet-store.js';
import { sampleFinding } from '../packages/collector/src/testing/sample-finding.js';
import {
  DEVICES,
  FRIDAY_MS,
  seededFleet,
  THURSDAY,
  THURSDAY_MS,
} from '../packages/collector/src/testing/seeded-fleet.js';
import { expectAccessible } from './expect-accessible.js';

/** 24 hours of 24 phones and 24 desktops, ten runs each. */
const RUNS = '11.5K';

/** One collector that has seen four days; the tests only look. */
let collector: { url: string; port: number; look(): Promise<void>; close(): Promise<void> };
let dir: string;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-dashboard-`);
  await (await seededFleet(`${dir}/fleet.sqlite`)).close();
  await copyFile(`${dir}/fleet.sqlite`, `${dir}/acts.sqlite`);
  const prices = { currency: 'EUR', serverPerMillionInferences: 40, cdnPerGigabyte: 0.05 };
  await writeFile(`${dir}/prices.json`, JSON.stringify(prices));
  collector = await start();
  for (const [dayMs, ...clocks] of [
    [THURSDAY_MS, '04:00', '04:05'],
    [FRIDAY_MS, '02:00', '02:05', '03:00'],
  ] as const) {
    for (const clock of clocks) {
      const [hours = 0, minutes = 0] = clock.split(':').map(Number);
      nowMs = dayMs + (hours * 60 + minutes) * 60_000;
      await collector.look();
    }
  }
});
test.afterAll(async () => {
  await collector.close();
  await rm(dir, { recursive: true });
});

/** Its looks are those of the tests, and then its clock stands: three hours after the last report. */
let nowMs = THURSDAY_MS;

async function start(port = 0, name = 'fleet') {
  const { startCollector } = await import('../packages/collector/dist/index.js');
  return startCollector({
    file: `${dir}/${name}.sqlite`,
    prices: `${dir}/prices.json`,
    port,
    local: true,
    minDevices: 1,
    now: () => nowMs,
  });
}

async function look(page: Page, search: string, { url } = collector): Promise<string[]> {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(`${url}/${search}`);
  await expect(page.locator('#view[aria-busy=false]')).toBeVisible();
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  return problems;
}

test('the first screen says what is wrong, since when, and where most of it is', async ({
  page,
}) => {
  const problems = await look(page, THURSDAY);
  const finding = page.locator('[data-finding=success]');
  await expect(finding.locator('p').first()).toHaveText(
    /^1\.1\.0 fails too often, since 5 Mar, 04:05: 95\.0% of runs succeeded then, the target is 99\.90%\. phone carries all of it\.$/,
  );
  await expect(finding).toBeInViewport();
  await expect(finding.getByRole('link', { name: 'Runbook' })).toHaveAttribute(
    'href',
    './runbooks/nearside-success',
  );
  await expect(page.getByTestId('tile-runs')).toContainText(RUNS);
  await expect(page.getByTestId('tile-success')).toHaveText(
    'Success95.0%of 11,520 runsbefore 100%',
  );
  await expect(page.locator('#success .legend')).toHaveText(
    /^success95\.0%success before100%.+ – /,
  );
  expect(problems).toEqual([]);
});

test('a link to a moment opens what was open then, and leads to now', async ({ page }) => {
  const health = page.getByTestId('health');
  await look(page, '?model=digits&at=2026-03-05T04:05:00Z');
  await expect(health).toContainText('digits needed a look on 5 Mar, 04:05');
  await expect(health.locator('[data-finding=success]')).toContainText('since 5 Mar');
  await look(page, '?model=digits&at=2026-03-05T04:04:59Z');
  await expect(health.locator('[data-finding]')).toHaveCount(0);
  await health.getByRole('link', { name: 'How it is now' }).click();
  await expect(page).toHaveURL(/range=24h/);
});

test('a time without a report says so, in a first week what is missing to call it silence, and where reports are', async ({
  page,
}) => {
  const friday = '?from=2026-03-06T00:00:00Z&to=2026-03-06T03:00:00Z';
  await page.goto(`${collector.url}/${friday}`);
  await expect(page.getByTestId('empty-state')).toContainText('No reports in this time');
  const health = page.getByTestId('health');
  await expect(health).toContainText(
    'Too early to say: digits has 0 runs, no baseline and no past.',
  );
  await expect(
    health.getByRole('listitem').filter({ hasText: /^no past until 9 Mar/ }),
  ).toBeVisible();
  await expect(page.locator('#latency')).toBeHidden();
  await page.goto(`${collector.url}/?from=2031-03-06T00:00:00Z&to=2031-03-07T00:00:00Z`);
  await expect(page.getByTestId('empty-state')).toContainText('This time has not come yet');
  await expect(page.locator('#other-time')).toHaveText('6 Mar – 7 Mar');
  await page.getByRole('button', { name: 'Show the last day with reports' }).click();
  await expect(page.getByTestId('tile-runs')).toContainText(RUNS);
});

test('a link to a model that never reported shows no other one', async ({ page }) => {
  await page.goto(`${collector.url}/?model=faces`);
  await expect(page.getByTestId('empty-state')).toContainText("No model 'faces' reports here");
  await page.getByRole('link', { name: 'digits' }).click();
  await expect(page.getByTestId('tile-runs')).toBeVisible();
});

const ROLLOUT = {
  version: '1.1.0',
  experiment: 'aaaa',
  sinceMs: FRIDAY_MS,
  isOver: false,
  share: 0.05,
  offeredMs: [FRIDAY_MS],
  mayStep: false,
  ranAs: {
    canary: [{ version: '1.1.0', runs: 600 }],
    control: [{ version: '1.0.0', runs: 580 }],
  },
  undone: { n: 3, of: 60 },
  devices: { canary: 60, control: 58 },
  guardrails: [
    {
      name: 'failed-runs',
      margin: 0.005,
      canary: 0.06,
      control: 0.0045,
      difference: { value: 0.0685, low: 0.0144, high: 0.1139 },
      better: null,
      cohorts: 57,
      isJudged: true,
    },
  ],
  parts: [],
  verdict: { verdict: 'roll-back', because: ['failed-runs'] },
};

const CANARY = {
  minDevices: 1,
  minCohorts: 48,
  plans: [{ share: 0.25, hours: 14 }],
  rollouts: [ROLLOUT],
};

test('each card says what it knows, what it waits for and what failed, and asks again at a click', async ({
  page,
}) => {
  let [isBusy, isGone, isSlow] = [true, true, true];
  await page.route('**/v1/fleet/canary?*', (route) =>
    route.fulfill(
      isBusy ? { status: 503, json: { error: { message: 'Busy.' } } } : { json: CANARY },
    ),
  );
  await page.route('**/v1/fleet/latency?*', (route) =>
    isGone ? route.abort('connectionreset') : route.continue(),
  );
  await page.route('**/v1/fleet/parts?*', (route) => (isSlow ? undefined : route.continue()));
  let answerModels = () => {};
  await page.route('**/v1/fleet/models', async (route) => {
    await new Promise<void>((resolve) => {
      answerModels = resolve;
    });
    await route.continue();
  });
  await page.goto(`${collector.url}/${THURSDAY}`);
  await expect(page.locator('#view')).toHaveText(
    'Waiting for the collector’s answer about models…',
  );
  answerModels();
  const parts = page.locator('#parts-time');
  const figures = page.locator('#figures');
  await expect(page.locator('#rollouts')).toContainText('The collector answered 503. Busy.');
  await expect(figures).toContainText('The collector does not answer.');
  await expect(page.locator('#budget tbody tr')).toHaveCount(2);
  await expect(parts).toContainText('Waiting for the collector’s answer about parts…');
  await expect(page.getByTestId('problem')).toHaveCount(0);
  await page.unroute('**/v1/fleet/models');
  [isBusy, isGone, isSlow] = [false, false, false];
  await figures.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByTestId('tile-runs')).toContainText(RUNS);
  const rollouts = page.locator('#rollouts');
  await expect(rollouts).toContainText('on 60 devices beside 58 of the control');
  await expect(rollouts).toContainText('Roll it back. Worse than tolerated: failed runs +6.9');
  const name = 'failed runs worse than tolerated: +6.9 points (1.4 to 11.4, tolerated 0.5)';
  await expect(rollouts.getByRole('img', { name })).toBeVisible();
  await expect(rollouts).toContainText('Devices undid 3 of 60 updates by themselves.');
  const row = page.locator('#versions').getByRole('row', { name: '1.1.0' });
  await expect(row).toContainText('roll backfailed runs');
  await expect(page.locator('#versions')).toContainText('takes about 14 hours at 25% of devices');
  await expectAccessible(page);
  await expect(parts).toContainText('+18.2 ms on average');
  await expect(page.getByRole('button', { name: 'Try again' })).toHaveCount(0);
});

test('a page without a model in its address opens on the one that reported last, and fits a hundred versions', async ({
  page,
}) => {
  const newest = {
    model: 'ל'.repeat(64),
    firstMs: 1,
    lastMs: FRIDAY_MS,
    versions: ['1.0.0', '1.1.0'],
  };
  await page.route('**/v1/fleet/models', (route) =>
    route.fulfill({
      json: {
        nowMs: FRIDAY_MS,
        minDevices: 1,
        models: [{ model: 'a', firstMs: 1, lastMs: 1, versions: [] }, newest],
      },
    }),
  );
  await page.route('**/v1/fleet/*?*', async (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set('model', 'digits');
    const response = await route.fetch({ url: url.href });
    const answer = await response.json();
    const [version] = answer.versions ?? [];
    if (url.pathname.endsWith('/latency') && version) {
      answer.versions = Array.from({ length: 100 }, (_, i) => ({
        ...version,
        version: `1.${99 - i}.0-${'长'.repeat(56)}`,
      }));
    }
    await route.fulfill({ json: answer });
  });
  await page.setViewportSize({ width: 390, height: 844 });
  await look(page, '');
  await expect(page.getByTestId('opener')).toContainText(newest.model);
  await expect(page.getByTestId('model').locator('option')).toHaveText(['a', newest.model]);
  await page.locator('#versions summary').first().click();
  const rows = page.locator('#versions tbody tr:visible');
  await expect(rows).toHaveCount(10);
  await page.getByText('and 92 more').click();
  await expect(rows).toHaveCount(102);
  expect(await widerThan(page)).toBe(0);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('dragging over a chart shows that time everywhere, and back goes back', async ({ page }) => {
  await look(page, THURSDAY);
  const plot = page.locator('#success .u-over');
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  if (!box) throw new Error('expected a chart');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.25, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=2026-03-05T0[56].*to=2026-03-05T1[12]/);
  await expect(page.getByTestId('tile-runs')).not.toContainText(RUNS);
  await page.goBack();
  await expect(page.getByTestId('tile-runs')).toContainText(RUNS);
});

test('a finger that moves sideways over a chart does the same; one that moves down scrolls, and two do neither', async ({
  browser,
}) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 800 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await look(page, THURSDAY);
  const plot = page.locator('#success .u-over');
  await plot.scrollIntoViewIfNeeded();
  const scrolledY = await page.evaluate(() => scrollY);
  await move(page, plot, { from: [0.5, 0.8], to: [0.5, -1] });
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(scrolledY);
  await move(page, plot, { from: [0.4, 0.5], to: [0.43, 0.5] }); // it tapped
  expect(page.url()).toContain(THURSDAY);
  await move(page, plot, { from: [0.25, 0.5], to: [0.5, 0.5] });
  await expect(page).toHaveURL(/from=2026-03-05T0[56].*to=2026-03-05T1[12]/);
  await expect(page.getByTestId('tile-runs')).not.toContainText(RUNS);
  const chosen = page.url();
  // Two fingers enlarge the page, so they come last.
  await move(
    page,
    plot,
    { from: [0.4, 0.5], to: [0.1, 0.5] },
    { from: [0.6, 0.5], to: [0.9, 0.5] },
  );
  await expect.poll(() => page.evaluate(() => visualViewport?.scale)).toBeGreaterThan(1.5);
  expect(page.url()).toBe(chosen);
  await context.close();
});

type Share = readonly [x: number, y: number];

/** Fingers over an element, one or more at once; from and to in shares of its width and height. */
async function move(
  page: Page,
  target: Locator,
  ...fingers: readonly { from: Share; to: Share }[]
): Promise<void> {
  const box = await boxAtRest(target);
  const devtools = await page.context().newCDPSession(page);
  const pointsAt = (share: number) =>
    fingers.map(({ from, to }, id) => ({
      id,
      x: box.x + box.width * (from[0] + (to[0] - from[0]) * share),
      y: box.y + box.height * (from[1] + (to[1] - from[1]) * share),
    }));
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: object[]) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints } as never);
  for (const [i] of fingers.entries()) await touch('touchStart', pointsAt(0).slice(0, i + 1));
  for (const share of [0.2, 0.4, 0.6, 0.8, 1]) await touch('touchMove', pointsAt(share));
  await touch('touchEnd', []);
  await devtools.detach();
}

/** The box of a chart that is not drawn anew, on a page that no longer scrolls by the finger before. */
async function boxAtRest(
  target: Locator,
): Promise<{ x: number; y: number; width: number; height: number }> {
  await expect(target.page().locator('#view[aria-busy=false]')).toBeVisible();
  await target.scrollIntoViewIfNeeded();
  const before = await target.boundingBox();
  await target.page().waitForTimeout(100);
  const box = await target.boundingBox();
  return box && box.y === before?.y ? box : boxAtRest(target);
}

test('where steps are days, the axis has the days of UTC that they are, wherever one looks from', async ({
  browser,
}) => {
  const context = await browser.newContext({ timezoneId: 'America/New_York' });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const { prototype } = CanvasRenderingContext2D;
    const { fillText } = prototype;
    const drawn: [string, number][] = [];
    Object.assign(globalThis, { drawn });
    prototype.fillText = function (text, x, y) {
      if (this.canvas.closest('#success')) drawn.push([text, x / devicePixelRatio]);
      fillText.call(this, text, x, y);
    };
  });
  await look(page, '?from=2026-01-05T00:00:00.000Z&to=2026-03-06T00:00:00.000Z');
  const at = await page.evaluate(() => {
    const { drawn } = globalThis as unknown as { drawn: [string, number][] };
    const over = document.querySelector('#success .u-over') as HTMLElement;
    const [text = '', x = 0] = drawn.findLast(([text]) => / Feb$/.test(text)) ?? [];
    return { text, share: (x - over.offsetLeft) / over.clientWidth, pixel: 1 / over.clientWidth };
  });
  const fromMs = Date.UTC(2026, 0, 5);
  const days = (Date.parse(`${at.text} 2026 UTC`) - fromMs) / 86_400_000;
  expect(Math.abs(at.share - days / 60)).toBeLessThan(1.5 * at.pixel);
  await context.close();
});

test('without a mouse: views, time and intervals are chosen by keyboard', async ({ page }) => {
  await look(page, THURSDAY);
  await page.getByTestId('details').focus();
  await page.keyboard.press('Space');
  await expect(page.locator('#versions .detail').first()).toContainText(/ to .*, of [\d,]+ on /);
  await expect(page.getByTestId('tile-p95')).toContainText('of 11,520 runs');
  await page.locator('#other-time').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Wider' }).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/from=2026-03-04T12/);
  await page.getByTestId('from').fill('2026-03-05T06:00');
  await page.getByTestId('to').fill('2026-03-05T05:00');
  await page.getByTestId('show-time').focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/from=2026-03-04T12/);
  await page.getByTestId('to').fill('2026-03-05T12:00');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/from=2026-03-05T06.*to=2026-03-05T12/);
  await page.getByTestId('view-debug').focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('#traces')).toContainText('deadline');
  // a table that scrolls can be reached, and charts are told in words
  await expect(page.getByRole('region', { name: 'Traces as a table' })).toHaveAttribute(
    'tabindex',
    '0',
  );
  await expect(page.getByRole('img', { name: /^Latency of digits over time/ })).toBeVisible();
});

test('acts and verdicts mark every chart, and a mark says what it stands for, by keyboard and by mouse', async ({
  page,
}) => {
  await look(page, '?range=30d');
  const marks = page.locator('#latency').getByRole('group', { name: 'What happened' });
  const said = page.getByRole('tooltip');
  await marks.getByRole('button').first().focus();
  await expect(said).toHaveText(/: 1\.0\.0 reports for the first time/);
  await expect(marks.getByRole('button', { name: /fails too often/ })).toHaveAccessibleName(
    /04:05 – 6 Mar.*, 02:05 \(22 h\): 1\.1\.0 fails too often/,
  );
  await page.keyboard.press('ArrowRight');
  await expect(said).toContainText(': 1.1.0 reports for the first time');
  await page.keyboard.press('Escape');
  await expect(said).toBeHidden();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Latency as CSV' })).toBeFocused();
  await marks.getByRole('button').first().hover();
  await expect(said).toContainText('1.0.0');

  const store = openSqliteRollupStore(`${dir}/acts.sqlite`);
  const stable = {
    ...{ model: 'digits', version: '1.0.0' },
    state: 'stable',
    rollout: null,
  } as const;
  const canary = { model: 'digits', version: '1.1.0', rollout: { fromBps: 0, toBps: 500 } };
  await store.keepFacts(factsOf([stable]), THURSDAY_MS - 3 * DAY_MS);
  await store.keepFacts(factsOf([stable, { ...canary, state: 'canary' }]), THURSDAY_MS - DAY_MS);
  await store.keepFacts(factsOf([stable, { ...canary, state: 'revoked' }]), THURSDAY_MS + HOUR_MS);
  const verdict = { kind: 'verdict', subject: '5f3c9a70', state: 'promote' };
  await store.addLook([sampleFinding({ ...verdict, atMs: THURSDAY_MS })], THURSDAY_MS);
  await store.close();
  const acted = await start(0, 'acts');
  await look(page, '?range=30d', acted);
  const charts = page.locator('.card:has(canvas)');
  await expect(charts).toHaveCount(6);
  for (const chart of await charts.all()) {
    const lane = chart.getByRole('group', { name: 'What happened' });
    for (const mark of [
      /4 Mar.*: 1\.1\.0 goes to 5% of devices$/,
      /5 Mar.*: 1\.1\.0: promote it$/,
      /5 Mar.*: 1\.1\.0 is taken back$/,
    ]) {
      await expect(lane.getByRole('button', { name: mark })).toBeVisible();
    }
  }
  await acted.close();
});

test('a link that is copied shows the same figures tomorrow', async ({ browser }) => {
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  await look(page, '?range=24h&segment=device:phone');
  await page.getByTestId('copy-link').click();
  await expect(page.getByTestId('copy-link')).toHaveText('Copied');
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  expect([...link.searchParams.keys()].sort()).toEqual(['from', 'model', 'segment', 'to', 'view']);
  await page.goto(link.href);
  await expect(page.getByTestId('segment')).toHaveValue('device:phone');
  await expect(page.getByTestId('tile-success')).toContainText('90.0%');
  await context.close();
});

test('every panel is handed out as CSV, and the month as Markdown', async ({ page }) => {
  await look(page, THURSDAY);
  const csv = await downloaded(page, () =>
    page.getByRole('button', { name: 'Errors as CSV' }).click(),
  );
  expect(csv.name).toBe('digits-errors-2026-03-05T0000Z-2026-03-06T0000Z.csv');
  expect(csv.text).toBe(`Code,Count,Of runs,Before\r\ndeadline,${24 * DEVICES},0.05,0\r\n`);
  await look(page, '?view=executive&month=2026-03');
  await expect(page.getByTestId('summary')).toContainText('inside its objectives on 3 of 4 days');
  await expect(page.locator('.days .missed')).toHaveCount(1);
  const month = await downloaded(page, () =>
    page.getByRole('button', { name: 'Markdown file' }).click(),
  );
  expect(month.name).toBe('digits-2026-03.md');
  expect(month.text).toContain('inside its objectives on 3 of 4 days');
  expect(month.text).toContain('| success under its target | 1 | 22 h |');
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('button', { name: 'Print' })).toBeHidden();
  await expect(page.getByRole('heading', { name: 'digits in March 2026' })).toBeVisible();
});

test('a trace is found by the id that the app was given', async ({ page }) => {
  await look(page, `${THURSDAY}&view=debug`);
  await page.getByTestId('trace-id').fill('0badcafe-7');
  await expect(page.locator('#traces tbody tr')).toHaveCount(1);
  await page.getByTestId('trace-id').fill('0badcafe-8');
  await expect(page.locator('#traces tbody tr')).toHaveCount(0);
});

test('of Debug, panels without data are one line, and one that is refused says so in its place', async ({
  page,
}) => {
  await page.route('**/v1/fleet/traces?*', (route) =>
    route.fulfill({ status: 503, json: { error: { message: 'Busy.' } } }),
  );
  await page.goto(`${collector.url}/?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z&view=debug`);
  const folded = page.locator('#folded');
  await expect(folded.locator('summary')).toContainText('Errors, ');
  await expect(folded.locator('summary')).toContainText('Confusion (needs labels');
  await expect(page.locator('#errors')).toBeHidden();
  await expect(page.locator('#stages')).toBeVisible();
  await expect(page.locator('#traces')).toContainText('The collector answered 503. Busy.');
  await folded.locator('summary').click();
  await expect(folded).toContainText('No errors in this range.');
});

test('on a phone nothing is wider than the screen or cut, four figures are on the first one, the end is near, and no view keeps anybody out, in light or dark', async ({
  browser,
}) => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  for (const view of ['executive', 'debug', 'on-call']) {
    await look(page, `${THURSDAY}&view=${view}&month=2026-03`);
    expect(await widerThan(page), view).toBe(0);
    const bar = await page.locator('.bar').evaluate((element) => ({
      height: element.getBoundingClientRect().height,
      cut: [...element.querySelectorAll('*')]
        .filter((one) => one.clientWidth > 1 && one.scrollWidth > one.clientWidth)
        .map((one) => one.outerHTML),
    }));
    expect(bar, view).toEqual({ height: 64, cut: [] });
    await expectAccessible(page);
  }
  await expect(page.locator('[data-finding=success]')).toBeInViewport({ ratio: 1 });
  for (const tile of ['runs', 'success', 'p50', 'p95']) {
    await expect(page.getByTestId(`tile-${tile}`)).toBeInViewport({ ratio: 1 });
  }
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(3000);
  // a folded card has a line of what is inside, and its chart is drawn when it opens
  const errors = page.locator('#errors');
  await expect(errors.locator('summary')).toHaveText(/^Errors.*deadline$/);
  await expect(errors.locator('table')).toBeHidden();
  await page.locator('#runs summary').click();
  const [plot, canvas] = [page.locator('#runs .plot'), page.locator('#runs canvas')];
  const widthPx = await plot.evaluate((element) => element.clientWidth);
  await expect.poll(() => canvas.evaluate((element) => element.clientWidth)).toBe(widthPx);
  await context.close();
});

test('on a phone the bar stays in sight and opens for the rest, by tap and by keyboard', async ({
  browser,
}) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await look(page, '?range=24h');
  await page.evaluate(() => scrollTo(0, 1500));
  const opener = page.getByTestId('opener');
  await expect(opener).toBeInViewport();
  await expect(opener).toHaveText(/digits\s*last 24 hours/);
  const version = page.getByTestId('version');
  await expect(version).toBeHidden();
  await opener.tap();
  await expect(opener).toHaveAttribute('aria-expanded', 'true');
  for (const id of ['version', 'segment', 'copy-link', 'details']) {
    await expect(page.getByTestId(id)).toBeInViewport({ ratio: 1 });
  }
  await page.getByTestId('segment').selectOption('device:phone');
  await expect(opener).toContainText('last 24 hours, phone');
  await page.keyboard.press('Escape');
  await expect(version).toBeHidden();
  await expect(opener).toHaveAttribute('aria-expanded', 'false');
  await expect(opener).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('model')).toBeFocused();
  // a view is one tap away
  await page.getByTestId('view-debug').tap();
  await expect(version).toBeHidden();
  await expect(page).toHaveURL(/view=debug/);
  await context.close();
});

/** By how much the page is wider than the screen, CSS pixels. */
async function widerThan(page: Page): Promise<number> {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}

test('a collector that goes away is said to be away, what was seen stays, and it comes back by itself', async ({
  page,
}) => {
  await look(page, THURSDAY);
  const { port } = collector;
  await collector.close();
  await page.getByTestId('version').selectOption('1.1.0');
  await expect(page.getByTestId('problem')).toContainText('The collector does not answer.');
  await expect(page.getByTestId('tile-runs')).toContainText(RUNS);
  collector = await start(port);
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(page.getByTestId('problem')).toHaveCount(0);
  await expect(page.getByTestId('tile-runs')).toContainText(RUNS);
});

async function downloaded(page: Page, act: () => Promise<void>) {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), 'utf8'),
  };
}

test('an answer of another shape takes nothing else with it, and says what it lacks', async ({
  page,
}) => {
  await page.route('**/v1/fleet/latency?*', (route) => route.fulfill({ json: {} }));
  await look(page, THURSDAY);
  await expect(page.getByTestId('problem')).toHaveCount(0);
  await expect(page.getByTestId('health')).toContainText('digits');
  await expect(page.locator('#latency')).toContainText(
    'The collector’s answer about latency has no “stepMs”. It may be of another version than this page.',
  );
  await expect(page.locator('#budget table')).toBeVisible();
  for (const view of ['view-debug', 'view-executive']) {
    await page.getByTestId(view).click();
    await expect(page.locator('#view[aria-busy=false]')).toBeVisible();
    await expect(page.getByTestId('problem')).toHaveCount(0);
  }
});

test('answers that are all empty objects are said to be of another version', async ({ page }) => {
  await page.route('**/v1/fleet/models', (route) => route.fulfill({ json: {} }));
  await page.goto(`${collector.url}/${THURSDAY}`);
  await expect(page.getByTestId('problem')).toContainText(
    'The collector’s answer about models has no “models”. It may be of another version than this page.',
  );
  await page.unroute('**/v1/fleet/models');
  await page.route('**/v1/fleet/*?*', (route) => route.fulfill({ json: {} }));
  for (const view of ['on-call', 'debug', 'executive']) {
    await look(page, `${THURSDAY}&view=${view}`);
    await expect(page.getByTestId('problem')).toHaveCount(0);
    await expect(page.locator('#view')).toContainText(
      'It may be of another version than this page.',
    );
  }
});

test('a page from before the collector’s update is loaded anew where a script of it is gone', async ({
  page,
}) => {
  const names = { index: '', debug: '' };
  await page.route(`${collector.url}/?*`, async (route) => {
    const response = await route.fetch();
    const html = await response.text();
    names.index = /index-[\w-]+\.js/.exec(html)?.[0] ?? '';
    await route.fulfill({ response, body: html.replace(names.index, 'index-before.js') });
  });
  await page.route('**/assets/index-before.js', async (route) => {
    const response = await route.fetch({ url: `${collector.url}/assets/${names.index}` });
    const script = await response.text();
    names.debug = /debug-[\w-]+\.js/.exec(script)?.[0] ?? '';
    await route.fulfill({ response, body: script.replaceAll(names.debug, 'debug-before.js') });
  });
  await look(page, THURSDAY);
  await page.unrouteAll();
  expect(names.debug).not.toBe('');
  const gone = page.waitForResponse((response) => response.url().endsWith('debug-before.js'));
  await page.getByTestId('view-debug').click();
  expect((await gone).status()).toBe(404);
  await expect(page.locator('#distributions')).toBeVisible();
});

test('a view whose script does not arrive says so, and comes when it is asked for again', async ({
  page,
}) => {
  await look(page, THURSDAY);
  await page.route('**/assets/debug-*.js', (route) => route.abort());
  await page.getByTestId('view-debug').click();
  await expect(page.locator('#problem')).toContainText('A script of this page did not arrive.');
  await page.unroute('**/assets/debug-*.js');
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(page.locator('#distributions')).toBeVisible();
});
