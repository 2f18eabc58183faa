import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { complaintOf, countOf, createDeferred, NearsideError, type Report } from '@nearside/core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { LostPage } from '../../shared/api/backends.js';
import { createModelEmitter } from '../../shared/api/events.js';
import type { OpeningStats } from '../../shared/api/model.js';
import type { RunObserver } from '../../shared/ended-run.js';
import { isVersionFault } from '../../shared/failures.js';
import type { RunReply } from '../../shared/protocol.js';
import { loadLater } from '../model/load-later.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { postBatch, type QueuedRun } from '../running/post-batch.js';
import { createRunner, run, runItem } from '../running/run-model.js';
import { RunQueue } from '../running/run-queue.js';
import { Handover } from '../serving/handover.js';
import type { Serving } from '../serving/serving.js';
import { startRecording } from './recording.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function collect() {
  const reports: Report[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    reports.push(JSON.parse(body));
    response.statusCode = 204;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, reports };
}

const PIXELS = { data: new Uint8ClampedArray(4), width: 1, height: 1 };
const TIMES = { pre: 0, run: 1, post: 0 };
const OBSERVATION = { bins: [0, 1], predicted: '7', substituted: [] };
const BASELINE = { hash: '0123456789abcdef', confidence: 0, class: 1, labels: ['1', '7'] };

type Answer = () => Promise<RunReply>;

const well: Answer = async () => ({ output: [], observation: OBSERVATION, batch: 1, times: TIMES });
const badly: Answer = async () => {
  throw new NearsideError('backend-failed', 'expected numbers, got none');
};

/** A version whose worker answers like this. */
function version(name: string, sequence: number, answer: Answer): Serving {
  const ended = createDeferred<never>();
  ended.promise.catch(() => {});
  const connection = {
    end: undefined as unknown,
    async run() {
      const value = await Promise.race([answer(), ended.promise]);
      return { kind: 'done', replies: [{ ok: true, value }] };
    },
    async close(reason: unknown) {
      connection.end = reason;
      ended.reject(reason);
    },
    workers: [],
  };
  const release = { model: 'digits', version: name, sequence };
  const manifestSha256 = `${sequence}`.repeat(64);
  const spec = { task: 'image-classification', inputs: [], outputs: [] };
  return {
    connection,
    backend: 'onnx-wasm',
    variant: { name: 'int8' },
    loaded: { threads: 1, baseline: BASELINE },
    version: { release, manifestSha256, spec, assignment: undefined },
  } as unknown as Serving;
}

/** The parts of an open model that take down what its runs did. */
async function serve(...[first, next]: readonly [Serving, Serving]) {
  const { url, reports } = await collect();
  const plan = {
    report: { receivers: [url], sampleRate: 1 },
    store: 'memory',
    address: { model: 'digits' },
  } as const;
  const emitter = createModelEmitter();
  const identity = { id: '0'.repeat(32), cohort: 3 };
  const opening = { origin: 'network', totalMs: 400, fetchedBytes: 90_000 } as OpeningStats;
  emitter.emit('backend-quarantined', {
    backend: 'onnx-webgpu',
    variant: 'int8',
    code: 'golden-mismatch',
    message: 'expected 1, got 2',
  });
  const recording = startRecording(
    { plan: plan as unknown as OpenPlan, emitter, identity },
    loadLater,
    { kind: 'opened', served: first, opening },
  );
  const handover = new Handover(first, {
    async revive({ version: { release } }) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return version(release.version, release.sequence, well);
    },
    onHanded({ kind, to: served }) {
      if (kind !== 'revived') recording.tell({ kind: 'serves', served });
      else recording.tell({ kind, served, wasResting: true, tookMs: 50 });
    },
  });
  const queue = new RunQueue<QueuedRun, RunReply>({
    post: (runs) => postBatch(runs, { handover, watchdogMs: 60_000, help: loadLater }),
    discard() {},
    maxBatch: 1,
    maxDelayMs: 0,
  });
  const closed = new NearsideError('closed', 'expected an open model');
  const closing = new AbortController();
  const observers: RunObserver[] = [
    (run) => recording.tell({ kind: 'ran', ...run, heapBytes: 1_000_000 }),
  ];
  const runner = createRunner({
    handover,
    queue,
    observers,
    closing: closing.signal,
    refusal: () => undefined,
    help: loadLater,
    fallBack: undefined,
    takeOther: undefined,
  });
  return {
    handover,
    recording,
    reports,
    emitter,
    observers,
    run: () => run(runner, PIXELS),
    runItem: (series: 'score' | 'stream') =>
      runItem(
        runner,
        {
          take: () => ({ kind: 'tensors', tensors: {} }),
          input: undefined,
          held: undefined,
          together: undefined,
          series,
        },
        {},
      ),
    take: () => handover.take(next, isVersionFault),
    /** @returns what was reported, by version */
    async close() {
      closing.abort(closed);
      queue.close(closed);
      await handover.close(closed);
      await recording.close();
      return Object.fromEntries(reports.map((report) => [report.dimensions.version, report]));
    },
  };
}

// a page has loaded it with its first result; here it is compiled first, which may take longer than closing waits
beforeAll(() => loadLater());

test('the run for which a version gives way is in that version’s report', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, badly));
  await model.run();
  model.take();
  await expect(model.run()).rejects.toThrow('got none');
  await model.run();
  const reported = await model.close();
  expect(reported['1.1.0']?.health).toMatchObject({ ok: 2 });
  expect(reported['1.2.0']?.health).toMatchObject({ ok: 0, errors: { 'backend-failed': 1 } });
});

test('feedback counts for the version that did the run, also when another has settled in since', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  const { meta } = await model.run();
  model.take();
  for (let run = 0; run < 3; run += 1) await model.run();
  model.recording.tell({ kind: 'feedback', id: meta.id, truth: { label: '7' } });
  const reported = await model.close();
  expect(reported['1.1.0']).toMatchObject({
    health: { ok: 1 },
    feedback: { byAge: [{ days: 0, bins: [[1, 1]], confusion: [[1, 1, 1]] }] },
  });
  expect(reported['1.2.0']?.health).toMatchObject({ ok: 3 });
});

test('a version that was put to rest and comes back counts on in the same report', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  const { meta } = await model.run();
  expect(model.handover.rest(new NearsideError('worker-lost', 'at rest'))).toBe(true);
  await model.run();
  model.recording.tell({ kind: 'feedback', id: meta.id, truth: { label: '1' } });
  const reported = await model.close();
  expect(reported['1.1.0']).toMatchObject({
    health: { ok: 2 },
    opens: { tried: 1, rest: { s: 2 } },
    feedback: { byAge: [{ days: 0, bins: [[1, 0]], confusion: [[0, 1, 1]] }] },
  });
});

test('of a version that was served by two backends one report alone is the first of the day', async () => {
  const onOnnx = version('1.1.0', 1, well);
  const model = await serve(onOnnx, { ...onOnnx, backend: 'tfjs-wasm' });
  await model.run();
  model.take();
  await model.run();
  await model.close();
  // Without Web Locks both may have sent the same ones; a collector counts each once.
  const reports = [...new Map(model.reports.map((report) => [report.id, report])).values()];
  const backends = reports.map(({ dimensions }) => dimensions.backend);
  expect(backends.sort()).toEqual(['onnx-wasm', 'tfjs-wasm']);
  expect(reports.filter(({ first }) => first?.includes('version-day'))).toHaveLength(1);
});

test('a run that closing ends is counted as aborted', async () => {
  const { promise: begun, resolve: begin } = createDeferred<void>();
  const never = () => new Promise<never>(() => begin());
  const model = await serve(version('1.1.0', 1, never), version('1.2.0', 2, well));
  const running = expect(model.run()).rejects.toMatchObject({ code: 'closed' });
  await begun;
  const reported = await model.close();
  await running;
  expect(reported['1.1.0']?.health).toMatchObject({ aborted: 1 });
});

test('a run whose observer throws is told once', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  const told: string[] = [];
  model.observers.push(({ outcome }) => {
    told.push(outcome.kind);
    throw new Error('not mine');
  });
  await expect(model.run()).rejects.toThrow('not mine');
  expect(told).toEqual(['ok']);
  expect((await model.close())['1.1.0']?.health).toMatchObject({ ok: 1 });
});

test('runs of `run` alone are in latency and success; inputs of `score` and frames are counted apart', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  await model.run();
  for (let i = 0; i < 3; i += 1) await model.runItem('score');
  await model.runItem('stream');
  const { '1.1.0': report } = await model.close();
  expect(report).toMatchObject({ health: { ok: 1 }, score: { ok: 3 }, stream: { ok: 1 } });
  expect(report && complaintOf(report)).toBeUndefined();
});

test('the first run after an open, and those that wait for a load, are cold', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  await model.run();
  await model.run();
  expect(model.handover.rest(new NearsideError('worker-lost', 'at rest'))).toBe(true);
  await model.run();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await model.run();
  const { '1.1.0': report } = await model.close();
  expect(report?.health.ok).toBe(4);
  expect(report?.health.coldRuns && countOf(report.health.coldRuns)).toBe(2);
});

test('what listeners hear of updates and backends is in the report of what serves', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  const heard: string[] = [];
  model.emitter.on('backend-quarantined', ({ code }) => heard.push(code));
  model.emitter.emit('version-failed', { version: '1.2.0', code: 'backend-failed' });
  model.emitter.emit('version-rolled-back', { from: '1.3.0', to: '1.1.0', code: 'deadline' });
  model.emitter.emit('version-ready', { version: '1.4.0', sequence: 4 });
  await model.run();
  const { '1.1.0': report } = await model.close();
  expect(heard).toEqual(['golden-mismatch']);
  expect(report?.health.quarantines).toEqual([
    { backend: 'onnx-webgpu', variant: 'int8', code: 'golden-mismatch', n: 1 },
  ]);
  expect(report?.updates).toEqual([
    { version: '1.2.0', failed: { 'backend-failed': 1 } },
    { version: '1.3.0', rolledBack: { deadline: 1 } },
    { version: '1.4.0', installed: 1 },
  ]);
});

test('pages that died are opens that failed, errors of runs, and work that was lost, by backend and variant', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  await model.run();
  const where = { backend: 'onnx-wasm', variant: 'int8', threads: 2, atMs: 1 } as const;
  const died = (phase: LostPage['phase'], sequence: number) => {
    return { ...where, phase, isLasting: false, sequence };
  };
  const phases = ['opening', 'loading', 'running', 'tuning'] as const;
  const pages = [...phases.map((phase) => died(phase, 1)), died('loading', 7)];
  model.recording.tell({ kind: 'deaths', pages });
  await expect.poll(() => model.recording.totals.sealed).toBe(2); // this page may die too
  const { '1.1.0': report, undefined: ofModel } = await model.close();
  expect(report?.opens).toMatchObject({ tried: 3, failed: { 'page-lost': 2 } });
  expect(report?.health.errors).toEqual({ 'page-lost': 1 });
  const lost = (code: string) => ({ backend: 'onnx-wasm', variant: 'int8', code, n: 1 });
  expect(report?.health.quarantines).toEqual(
    expect.arrayContaining(
      ['lost-opening', 'lost-loading', 'lost-running', 'lost-tuning'].map(lost),
    ),
  );
  expect(ofModel?.health.quarantines).toEqual([lost('lost-loading')]);
  for (const one of [report, ofModel]) expect(one && complaintOf(one)).toBeUndefined();
});

test('pages that died of a version on probation are updates that failed, told with the version that serves', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  const died = { phase: 'loading', backend: 'onnx-wasm', variant: 'int8', threads: 1, atMs: 1 };
  const page = { ...died, isLasting: false, sequence: 2, update: '1.2.0' } as const;
  model.recording.tell({ kind: 'deaths', pages: [page, page] as never });
  await expect.poll(() => model.recording.totals.sealed).toBe(2);
  const { '1.1.0': report, undefined: ofModel } = await model.close();
  expect(report?.updates).toEqual([{ version: '1.2.0', failed: { 'page-lost': 2 } }]);
  expect(report?.opens?.failed).toBe(undefined);
  expect(ofModel?.opens?.failed).toEqual({ 'page-lost': 2 });
  for (const one of [report, ofModel]) expect(one && complaintOf(one)).toBeUndefined();
});

test('outcomes are counted by name, of four names at most; what is more is told as lost', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  const tell = (name: string, value: number) =>
    model.recording.tell({ kind: 'outcome', name, value, id: undefined });
  tell('__proto__', 2); // no record may have it
  for (const name of ['a', 'b', 'c', 'd', 'e']) tell(name, 2);
  tell('a', 3);
  await model.run();
  const { '1.1.0': report } = await model.close();
  expect(report?.outcomes).toEqual({ a: [2, 5, 13], b: [1, 2, 4], c: [1, 2, 4], d: [1, 2, 4] });
  expect(report?.loss).toEqual({ 'recorder-full': 2 });
});
