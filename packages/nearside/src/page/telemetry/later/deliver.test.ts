import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMemoryStore } from '@nearside/artifact';
import type { Report } from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import type { Receiver } from '../../options/plan-opening.js';
import { createDelivery } from './deliver.js';
import { openOutbox } from './outbox.js';
import { sealReport } from './seal-report.js';
import { BACKOFF } from './send.js';
import { createTally, increment } from './tally.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A collector that answers with the given statuses, or redirects to addresses, in turn, the last one for ever. */
async function collector(...statuses: (number | string)[]) {
  const received: { id: string; sent: number }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    received.push(JSON.parse(body));
    const answer = statuses.length > 1 ? statuses.shift() : (statuses[0] ?? 204);
    response.statusCode = typeof answer === 'number' ? answer : 307;
    if (typeof answer === 'string') response.setHeader('Location', answer);
    if (response.statusCode === 503) response.setHeader('Retry-After', '120');
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1/reports`, received };
}

function report(id: string) {
  const tally = createTally();
  increment(tally.errors, 'deadline');
  return sealReport(tally, {
    id: id.padEnd(32, '0'),
    cohort: 0,
    startMs: Date.now() - 1000,
    endMs: Date.now(),
    baseline: undefined,
    dimensions: SAMPLE_DIMENSIONS,
  }) as Report;
}

async function outboxOf(...ids: string[]) {
  const dropped: string[] = [];
  const outbox = openOutbox(createMemoryStore(), {
    receivers: ['https://collector.example/v1/reports'],
    onDropped: (_, reason) => dropped.push(reason),
  });
  for (const id of ids) await outbox.put(report(id), { isUnderWay: false });
  return { outbox, dropped };
}

function deliver(
  outbox: Awaited<ReturnType<typeof outboxOf>>['outbox'],
  receiver: Receiver | readonly Receiver[],
  mayReport?: () => Promise<boolean>,
) {
  const outcome = { sent: [] as string[], dropped: [] as string[], kept: [] as string[] };
  const delivery = createDelivery({
    outbox,
    receivers: [receiver].flat(),
    name: String(receiver),
    mayReport,
    bodyOf: (item) => JSON.stringify({ ...item, sent: Date.now() }),
    onSent: ({ id }) => outcome.sent.push(id),
    onDropped: (_, reason) => outcome.dropped.push(reason),
    onKept: (problem) => outcome.kept.push(problem),
  });
  closers.push(() => delivery.close());
  return { delivery, outcome };
}

test('a report is deleted when the collector has answered for it', async () => {
  const { url, received } = await collector(204);
  const { outbox } = await outboxOf('a', 'b');
  const { delivery, outcome } = deliver(outbox, url);
  await delivery.drain();
  expect(received).toHaveLength(2);
  expect(outcome.sent).toHaveLength(2);
  expect(await outbox.keys()).toEqual([]);
});

test('a report the collector will never take is dropped and said so', async () => {
  for (const status of [400, 413, 422]) {
    const { url } = await collector(status);
    const { outbox } = await outboxOf('a');
    const { delivery, outcome } = deliver(outbox, url);
    await delivery.drain();
    expect(outcome.dropped).toEqual(['refused']);
    expect(await outbox.keys()).toEqual([]);
  }
});

test('a redirection is not followed, and said', async () => {
  const other = await collector(204);
  const { url, received } = await collector(other.url);
  const { outbox } = await outboxOf('a');
  const { delivery, outcome } = deliver(outbox, url);
  await delivery.drain();
  expect([received.length, other.received.length]).toEqual([1, 0]);
  expect(outcome.kept).toEqual([expect.stringContaining('expected 204, got')]);
});

test('with the collector down nothing is lost, and why is said', async () => {
  const { outbox } = await outboxOf('a', 'b');
  const { delivery, outcome } = deliver(outbox, 'http://127.0.0.1:9/v1/reports');
  await delivery.drain();
  expect(await outbox.keys()).toHaveLength(2);
  expect(outcome.kept).toEqual([expect.stringContaining('Is the collector up?')]);
});

test('reports of a page that was left, which fail together, make one pause', async () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(1);
  const pauses = vi.spyOn(globalThis, 'setTimeout');
  closers.push(
    () => random.mockRestore(),
    () => pauses.mockRestore(),
  );
  const { outbox } = await outboxOf();
  const { delivery } = deliver(outbox, 'http://127.0.0.1:9/v1/reports');
  const answers = ['a', 'b', 'c', 'd'].map((id) => delivery.sendAtOnce(id, report(id)));
  expect(await Promise.all(answers)).toEqual([false, false, false, false]);
  const longest = Math.max(...pauses.mock.calls.map(([, ms]) => ms ?? 0));
  expect(longest).toBe(BACKOFF.firstMs);
});

test('an expired copy of what was sent as its page was left is no loss', async () => {
  const { outbox, dropped } = await outboxOf('a');
  await outbox.put(report('b'), { isUnderWay: true });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 86_400_000 });
  expect(await outbox.keys()).toEqual([]);
  vi.useRealTimers();
  expect(dropped).toEqual(['too-old']);
});

test('a pause the collector asks for is kept', async () => {
  const { url, received } = await collector(503, 204);
  const { outbox } = await outboxOf('a');
  const { delivery } = deliver(outbox, url);
  await delivery.drain();
  await delivery.drain();
  expect(delivery.sendAtOnce('b', report('b'))).toBeUndefined();
  expect(received).toHaveLength(1);
  expect(await outbox.keys()).toHaveLength(1);
});

test('what was sent as its page was left and has not arrived waits for the next round', async () => {
  const { url, received } = await collector(500, 204);
  const { outbox } = await outboxOf('a');
  const { delivery, outcome } = deliver(outbox, url);
  const [key = ''] = await outbox.keys();
  expect(await delivery.sendAtOnce(key, (await outbox.get(key)) as Report)).toBe(false);
  expect(outcome.kept).toHaveLength(1);
  await delivery.drain();
  expect(received).toHaveLength(2);
  expect(await outbox.keys()).toEqual([]);
});

test('the next collector is asked when the first does not answer', async () => {
  const { url, received } = await collector(204);
  const { outbox } = await outboxOf('a');
  const { delivery } = deliver(outbox, ['http://127.0.0.1:9/', url]);
  await delivery.drain();
  expect(received).toHaveLength(1);
});

test('a resend keeps the report’s id, so that it is counted once', async () => {
  const { url, received } = await collector(500, 204);
  const { outbox } = await outboxOf('a');
  const { delivery } = deliver(outbox, url);
  await delivery.drain();
  await delivery.drain();
  expect(new Set(received.map(({ id }) => id)).size).toBe(1);
  expect(received).toHaveLength(2);
});

test('one that a collector cannot take is in nobody’s way', async () => {
  const { url, received } = await collector(500, 204);
  const { outbox } = await outboxOf('a', 'b', 'c');
  const { delivery, outcome } = deliver(outbox, url);
  await delivery.drain();
  expect(received).toHaveLength(3);
  expect(outcome.sent).toHaveLength(2);
  expect(await outbox.keys()).toHaveLength(1);
});

test('consent that is withdrawn in the middle ends the round', async () => {
  const { url, received } = await collector(204);
  const { outbox } = await outboxOf('a', 'b', 'c');
  const { delivery } = deliver(outbox, url, async () => received.length < 1);
  await delivery.drain();
  expect(received).toHaveLength(1);
});

test('a page that may have no locks sends all the same', async () => {
  const { url, received } = await collector(204);
  const { outbox } = await outboxOf('a');
  const request = () => Promise.reject(new DOMException('sandboxed', 'SecurityError'));
  vi.stubGlobal('navigator', { locks: { request } });
  await deliver(outbox, url).delivery.drain();
  vi.unstubAllGlobals();
  expect(received).toHaveLength(1);
});

test('a token in the address may change: what waits goes with the new one', async () => {
  const { url, received } = await collector(204);
  const store = createMemoryStore();
  const outboxAt = (endpoint: string) =>
    openOutbox(store, { receivers: [endpoint], onDropped() {} });
  await outboxAt(`${url}?token=old`).put(report('a'), { isUnderWay: false });
  await deliver(outboxAt(`${url}?token=new`), `${url}?token=new`).delivery.drain();
  expect(received).toHaveLength(1);
});

test('where the user has withdrawn what was allowed nothing is sent', async () => {
  const { url, received } = await collector(204);
  const { outbox } = await outboxOf('a');
  const { delivery } = deliver(outbox, url, async () => false);
  await delivery.drain();
  expect(received).toEqual([]);
});

test('a function gets each report as it would have been sent, and deletes it by its promise', async () => {
  const received: Report[] = [];
  const { outbox } = await outboxOf('a', 'b');
  const { delivery, outcome } = deliver(outbox, async (sent) => received.push(sent));
  await delivery.drain();
  expect(received.map(({ id, health }) => [id[0], health.errors])).toEqual([
    ['a', { deadline: 1 }],
    ['b', { deadline: 1 }],
  ]);
  expect(received[0]?.sent).toBeGreaterThan(received[0]?.t0 as number);
  expect(outcome.sent).toHaveLength(2);
  expect(await outbox.keys()).toEqual([]);
});

test.for([
  [
    'throws',
    () => {
      throw new Error('no quota');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no quota'))],
] as const)(
  'what a function %s is said, and its report waits and holds up no other',
  async ([, fail]) => {
    const { outbox } = await outboxOf('a', 'b');
    const take = ({ id }: Report) => (id.startsWith('a') ? fail() : undefined);
    const { delivery, outcome } = deliver(outbox, take);
    await delivery.drain();
    expect(outcome.kept).toEqual(['report.to: expected a promise that resolves, got no quota']);
    expect(outcome.sent).toEqual([expect.stringMatching(/^b/)]);
    expect(await outbox.keys()).toHaveLength(1);
  },
);

test('a function that never settles keeps nothing pending: its report waits', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  closers.push(() => vi.useRealTimers());
  const { outbox } = await outboxOf('a');
  const { delivery, outcome } = deliver(outbox, () => new Promise(() => {}));
  const drained = delivery.drain();
  await vi.advanceTimersByTimeAsync(15_000);
  await drained;
  expect(outcome.kept).toEqual([expect.stringContaining('settle within 15 s')]);
  expect(await outbox.keys()).toHaveLength(1);
});
