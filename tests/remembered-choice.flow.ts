import { type CDPSession, expect, type Page } from '@playwright/test';
import { trivialOnOnnx } from './change-digits.js';
import { serveDigits } from './digits-repository.js';
import { test } from './one-page.js';
import {
  changeChoice,
  ONNX,
  pretendTfjsWon,
  type RememberedChoice,
  readChoice,
} from './remembered-choice.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { visitUntilTuned } from './visit-until-tuned.js';

// As in choice.flow.ts: ONNX Runtime is the faster one, and a busy machine may not see it.
test.describe.configure({ retries: 2 });

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;
/** What the first visit leaves. */
let remembered: RememberedChoice;

test.beforeAll(async ({ onePage: page }) => {
  site = await serveBarePage();
  digits = await serveDigits();
  await digits.release(trivialOnOnnx({ isWrong: false })); // ONNX Runtime is the faster one, by far
  await gotoBarePage(page, site.url);
  const seen = await visit(page);
  expect(seen.backends, JSON.stringify(seen.table)).toEqual(['tfjs-wasm', 'onnx-wasm']);
  remembered = await readChoice(page);
});

test.afterAll(async () => {
  await Promise.all([site.close(), digits.close()]);
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
});

test('on the same device, in the same browser, nothing is measured or tried again', async ({
  page,
}) => {
  await leave(page, pretendOnnxFailed);
  await expectNothingAnew(page);
});

test('nor after an update of the browser within its major version', async ({ page }) => {
  await leave(page, pretendOnnxFailed);
  const other = await become(page, (agent) => agent.replace(/(Chrome\/\d+)\S*/, '$1.7.8.9'));
  await expectNothingAnew(page);
  await other.detach();
});

test('in another major version of the browser all are tried and measured again', async ({
  page,
}) => {
  await leave(page, pretendOnnxFailed);
  const other = await become(page, (agent) => agent.replace(/(Chrome)\/\d+/, '$1/999'));
  await expectAllAnew(page);
  await other.detach();
});

/** What another device, library or release would have left, where the same record would be believed. */
const ELSEWHERE: Record<string, (record: RememberedChoice) => RememberedChoice> = {
  'another GPU': (record) => ({ ...record, adapter: 'nvidia/ampere' }),
  'another version of the library': (record) => inCircumstances(record, /(?<=^\d+) \S+/, ' 0.0.0'),
  'another release': (record) => inCircumstances(record, /^\d+/, '1'),
  'another isolation': (record) => inCircumstances(record, /\S+$/, 'otherwise'),
};

for (const [name, change] of Object.entries(ELSEWHERE)) {
  test(`with ${name} all are tried and measured again`, async ({ page }) => {
    await leave(page, (record) => change(pretendOnnxFailed(record)));
    await expectAllAnew(page);
  });
}

test('a record that somebody has changed is as good as none, also to who asks before anything else does', async ({
  page,
}) => {
  await leave(page, (record) => ({ ...record, measured: {} as [] }));
  const table = await page.evaluate(async ({ url, trust }) => {
    // biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
    const model = await (globalThis as any).nearside.open(url, { trust });
    return model.explainBackend().finally(() => model.close());
  }, digits.address);
  expect(table).toContainEqual(expect.objectContaining({ verdict: 'serving' }));
});

function visit(page: Page) {
  return visitUntilTuned(page, digits.address);
}

/** Changes what the first visit has left; what tests before this one have left is gone. */
function leave(page: Page, change: (record: RememberedChoice) => RememberedChoice): Promise<void> {
  return changeChoice(page, () => change(remembered));
}

/** As if ONNX Runtime had computed wrong numbers, after it had lost. */
function pretendOnnxFailed(record: RememberedChoice): RememberedChoice {
  const failed = { ...ONNX, code: 'golden-mismatch', message: 'wrong', atMs: 0 };
  return { ...pretendTfjsWon(record), quarantined: [failed] };
}

function inCircumstances(record: RememberedChoice, pattern: RegExp, other: string) {
  expect(record.circumstances).toMatch(pattern);
  return { ...record, circumstances: record.circumstances.replace(pattern, other) };
}

/** Has the browser say that it is another one, until the session ends. */
async function become(page: Page, change: (agent: string) => string): Promise<CDPSession> {
  const agent = await page.evaluate(() => navigator.userAgent);
  expect(change(agent)).not.toBe(agent);
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setUserAgentOverride', { userAgent: change(agent) });
  await gotoBarePage(page, site.url);
  return session;
}

async function expectNothingAnew(page: Page): Promise<void> {
  const { choice, backends, quarantined } = await visit(page);
  expect({ choice, backends }).toEqual({
    choice: 'remembered',
    backends: ['tfjs-wasm', 'tfjs-wasm'],
  });
  expect(quarantined).toMatchObject([ONNX]);
}

async function expectAllAnew(page: Page): Promise<void> {
  const { choice, backends, quarantined } = await visit(page);
  expect({ choice, backends, quarantined }).toEqual({
    choice: 'measured',
    backends: ['tfjs-wasm', 'onnx-wasm'],
    quarantined: [],
  });
}
