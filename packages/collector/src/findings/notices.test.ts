import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readPageState } from '../../dashboard/state/page-state.js';
import { DAY_MS } from '../counting/time.js';
import { ALERTS, runbookName } from '../rules/alerts.js';
import { receiverOf } from '../sending/receiver.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import type { NewFindingEntry, RollupStore } from '../store/rollup-store.js';
import { MONDAY_MS } from '../testing/fleet-store.js';
import { sampleFinding } from '../testing/sample-finding.js';
import { type Notice, noticeOf } from './notice.js';
import { createNotices } from './notices.js';

const URL = 'https://collector.example';

/** Answers each request with the next status, and the last again and again. 0 is no answer. */
async function startReceiver(...statuses: number[]) {
  const received: { readonly notice: Notice; readonly login: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    received.push({ notice: JSON.parse(body), login: request.headers.authorization });
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    if (status) response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const entry = (part: Partial<NewFindingEntry>) =>
  sampleFinding({
    atMs: MONDAY_MS,
    figures: { id: 'success', version: '1.1.0', success: { value: 0.8312 }, target: 0.999 },
    ...part,
  });

async function storeWith(entries: readonly NewFindingEntry[]): Promise<RollupStore> {
  const store = openSqliteRollupStore(':memory:');
  onTestFinished(() => store.close());
  await store.addLook(entries, MONDAY_MS);
  return store;
}

function noticesTo(
  address: string,
  store: RollupStore,
  { nowMs = MONDAY_MS, now = () => nowMs, answerMs = 5000 } = {},
) {
  const errors: Error[] = [];
  const notices = createNotices({
    receiver: receiverOf(address),
    url: URL,
    store,
    now,
    onError: (error) => errors.push(error as Error),
    firstPauseMs: 5,
    answerMs,
  });
  onTestFinished(() => notices.close());
  return { ...notices, errors };
}

const isAllSent = (store: RollupStore) => async () =>
  expect(await store.unsentFindings(1)).toEqual([]);

test('each beginning and each end is posted once, in order, with its runbook and a link to the page at that time', async () => {
  const { received, host } = await startReceiver(200);
  const store = await storeWith([
    entry({}),
    entry({ kind: 'verdict', state: 'roll-back', subject: 'e1' }),
    entry({ kind: 'look', model: '', version: '', state: 'resumed', figures: { sinceMs: null } }),
    entry({ state: 'ended', atMs: MONDAY_MS + 600_000, figures: null }),
  ]);
  const { send, errors } = noticesTo(`http://on:call@${host}/hook`, store);
  send();
  send();
  await vi.waitFor(isAllSent(store));
  expect(errors).toEqual([]);
  expect(received.map(({ notice }) => notice)).toEqual([
    {
      text: `digits 1.1.0 fails too often: 83.12% of runs succeed, the target is 99.9%. ${URL}/?view=on-call&model=digits&at=2026-03-02T00%3A00%3A00.000Z Runbook: ${URL}/runbooks/nearside-success`,
      model: 'digits',
      version: '1.1.0',
      kind: 'success',
      subject: '',
      state: 'began',
      at: '2026-03-02T00:00:00.000Z',
      figures: entry({}).figures,
      runbook: `${URL}/runbooks/nearside-success`,
      link: `${URL}/?view=on-call&model=digits&at=2026-03-02T00%3A00%3A00.000Z`,
      id: 1,
    },
    expect.objectContaining({
      text: expect.stringMatching(/^Ended: digits 1\.1\.0 fails too often\. /),
      state: 'ended',
      at: '2026-03-02T00:10:00.000Z',
      id: 4,
    }),
  ]);
  expect(received[0]?.login).toBe(`Basic ${Buffer.from('on:call').toString('base64')}`);
});

test('a receiver that fails is tried again until it takes the notice, and no message has its path or password', async () => {
  const { received, host } = await startReceiver(500, 500, 204);
  const store = await storeWith([entry({}), entry({ version: '1.2.0' })]);
  const { send, errors } = noticesTo(`http://on:call@${host}/secret-hook`, store);
  send();
  await vi.waitFor(isAllSent(store));
  expect(received.map(({ notice }) => notice.id)).toEqual([1, 1, 1, 2]);
  expect(errors.map(({ message }) => message)).toEqual(
    Array(2).fill(`Notices were not sent to http://${host}: expected status 200, got 500.`),
  );
});

test('after a restart nothing is posted twice, and what was not taken is posted', async () => {
  const { received, host } = await startReceiver(200, 500);
  const store = await storeWith([entry({}), entry({ version: '1.2.0' })]);
  const first = noticesTo(`http://${host}`, store);
  first.send();
  await vi.waitFor(() => expect(first.errors).not.toEqual([]));
  await first.close();
  const next = await startReceiver(200);
  noticesTo(`http://${next.host}`, store).send();
  await vi.waitFor(isAllSent(store));
  expect(received[0]?.notice.version).toBe('1.1.0');
  expect(next.received.map(({ notice }) => notice.version)).toEqual(['1.2.0']);
});

test('a receiver that never answers keeps nobody waiting, and ends with the collector', async () => {
  const { received, host } = await startReceiver(0);
  const store = await storeWith([entry({})]);
  const { send, close, errors } = noticesTo(`http://${host}`, store, { answerMs: 50 });
  send();
  await vi.waitFor(() => expect(received).toHaveLength(1));
  await close();
  expect(errors).toMatchObject([{ message: expect.stringContaining('timeout') }]);
  expect(await store.unsentFindings(1)).toMatchObject([{ version: '1.1.0' }]);
});

test('nobody is told of what is older than a day, and of several collectors one sends', async () => {
  const { received, host } = await startReceiver(200);
  const store = await storeWith([entry({}), entry({ atMs: MONDAY_MS + DAY_MS })]);
  const isKeeper = async () => false;
  const nowMs = MONDAY_MS + DAY_MS + 1;
  noticesTo(`http://${host}`, { ...store, isKeeper }, { nowMs }).send();
  noticesTo(`http://${host}`, store, { nowMs }).send();
  await vi.waitFor(isAllSent(store));
  expect(received.map(({ notice }) => notice.id)).toEqual([2]);
});

test('what is written down while the last notice is noted is sent at once too', async () => {
  const { received, host } = await startReceiver(200);
  const store = await storeWith([entry({})]);
  let isLate = false;
  const late: RollupStore = {
    ...store,
    async unsentFindings(limit) {
      const found = await store.unsentFindings(limit);
      if (found.length > 0 || isLate) return found;
      isLate = true;
      await store.addLook([entry({ version: '1.2.0' })], MONDAY_MS + 1);
      send();
      return found;
    },
  };
  const { send } = noticesTo(`http://${host}`, late);
  send();
  await vi.waitFor(() => expect(received.map(({ notice }) => notice.id)).toEqual([1, 2]));
});

test('after days without the receiver it is told of what is still open, and not of what has ended', async () => {
  const { received, host } = await startReceiver(200);
  const store = await storeWith([
    entry({}),
    entry({ version: '1.2.0' }),
    entry({ version: '1.2.0', state: 'ended', figures: null }),
  ]);
  noticesTo(`http://${host}`, store, { nowMs: MONDAY_MS + 3 * DAY_MS }).send();
  await vi.waitFor(isAllSent(store));
  expect(received.map(({ notice }) => notice.version)).toEqual(['1.1.0']);
});

test('a notice that is refused for an hour is left out, and a line says so', async () => {
  const { received, host } = await startReceiver(429, 422, 422, 200);
  const store = await storeWith([entry({}), entry({ version: '1.2.0' })]);
  let nowMs = MONDAY_MS;
  const now = () => {
    // asked three times from the first refusal to the second
    nowMs += 1_200_000;
    return nowMs;
  };
  const { send, errors } = noticesTo(`http://${host}/secret`, store, { now });
  send();
  await vi.waitFor(isAllSent(store));
  expect(received.at(-1)?.notice.version).toBe('1.2.0');
  const { message } = errors.at(-1) as Error;
  expect(message).toBe(
    `Notice 1 was left out, because http://${host} has refused it for an hour: expected status 200, got 422.`,
  );
  expect(errors.filter((one) => one.message.startsWith('Notice 1 '))).toHaveLength(1);
});

test('each kind of finding has words of its own, and a runbook', () => {
  const figure = { value: 0.5 };
  const figures = {
    success: figure,
    ratio: figure,
    p95Ms: { value: 312.4 },
    target: 0.9,
    targetMs: 200,
  };
  const runbooks = ALERTS.map(({ name }) => runbookName(name));
  const ofDistributions = ['drift', 'baseline'];
  const kinds = [
    'silence',
    'rollout',
    'success',
    'latency',
    ...ofDistributions,
    'concept',
    'accuracy',
  ];
  const lines = kinds.map((kind) => {
    const one = entry({
      kind,
      figures: { id: kind, ...figures },
      subject: ofDistributions.includes(kind) ? 'class' : '',
    });
    const { text, runbook } = noticeOf({ ...one, n: 1 }, URL);
    expect(runbooks).toContain(runbook.replace(`${URL}/runbooks/`, ''));
    return text.split('. http')[0];
  });
  expect(lines).toEqual([
    'digits 1.1.0 has far fewer devices than usual',
    'digits 1.1.0 is worse than its control: roll it back',
    'digits 1.1.0 fails too often: 50% of runs succeed, the target is 90%',
    'digits 1.1.0 is too slow: 312 ms at P95, the target is 200 ms',
    'digits 1.1.0 sees or says something else than before (class)',
    'digits 1.1.0 sees or says something far from its baseline (class)',
    'digits 1.1.0 is right less often than its confidence says',
    'digits 1.1.0 is right less often than its target allows: 50% as often as on held-out data, the target is 90%',
  ]);
});

test('the link opens the page on the day before the finding, with what was written down then', () => {
  const { link } = noticeOf({ ...entry({}), n: 1 }, URL);
  expect(readPageState(link.split('/').at(-1) ?? '')).toMatchObject({
    view: 'on-call',
    model: 'digits',
    range: { fromMs: MONDAY_MS - DAY_MS, toMs: MONDAY_MS },
  });
});
