import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMemoryStore } from '@nearside/artifact';
import { createDeferred, NearsideError, type Report } from '@nearside/core';
import { afterEach, expect, test } from 'vitest';
import { createModelEmitter } from '../api/events.js';
import { loadLater } from '../load-later.js';
import type { OpenPlan } from '../options/plan-opening.js';
import type { RunReply } from '../protocol.js';
import { postBatch, type QueuedRun } from '../running/post-batch.js';
import { createRunner } from '../running/run-model.js';
import { createRunQueue } from '../running/run-queue.js';
import { createHandover } from '../serving/handover.js';
import type { Serving } from '../serving/serving.js';
import { startRecording } from './recording.js';
import { createReportingDays } from './reporting-day.js';

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
const OBSERVATION = {
  bins: [['confidence', 0] as const],
  label: '7',
  substituted: [],
};

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
    async run() {
      const value = await Promise.race([answer(), ended.promise]);
      return { kind: 'done', replies: [{ ok: true, value }] };
    },
    close: async (reason: unknown) => ended.reject(reason),
    workers: [],
  };
  const release = { model: 'digits', version: name, sequence };
  const manifestSha256 = `${sequence}`.repeat(64);
  const spec = { task: 'image-classification', inputs: [], outputs: [] };
  return {
    connection,
    backend: 'onnx-wasm',
    variant: { name: 'int8' },
    loaded: { threads: 1 },
    version: { release, manifestSha256, spec, arm: 'stable', driftEdges: undefined },
  } as unknown as Serving;
}

/** The parts of an open model that take down what its runs did. */
async function serve(...[first, next]: readonly [Serving, Serving]) {
  const { url, reports } = await collect();
  const plan = { report: { endpoints: [url], sampleRate: 1 }, store: 'memory' } as const;
  const emitter = createModelEmitter();
  const identity = { id: '0'.repeat(32), cohort: 3 };
  const recording = startRecording(
    { plan: plan as unknown as OpenPlan, emitter, identity },
    loadLater,
  );
  recording.serves(first);
  const handover = createHandover(first, {
    revive: async (lost) => ({ ...lost }),
    onHanded: ({ to }) => recording.serves(to),
  });
  const queue = createRunQueue<QueuedRun, RunReply>({
    post: (runs) => postBatch(runs, { handover, watchdogMs: 60_000, help: loadLater }),
    discard() {},
    maxBatch: 1,
    maxDelayMs: 0,
  });
  const closed = new NearsideError('closed', 'expected an open model');
  const closing = new AbortController();
  const runner = createRunner({
    handover,
    queue,
    observers: [recording.ran],
    closing: closing.signal,
    revoked: () => undefined,
    help: loadLater,
    fallBack: undefined,
    takeOther: undefined,
  });
  return {
    handover,
    recording,
    reports,
    /** When counting has begun, and a report could be sealed at once. */
    async run() {
      await loadLater();
      const readDay = createReportingDays(createMemoryStore());
      const common = { identity, target: plan.report };
      for (const model of ['digits', 'as', 'long', 'as that takes']) {
        await readDay({ ...common, model, version: '1.1.0', nowMs: Date.now() });
      }
      await new Promise((resolve) => setTimeout(resolve));
      return runner.run(PIXELS);
    },
    take: () => handover.take(next),
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
  model.recording.feedback(meta.id, '7', model.handover.current);
  const reported = await model.close();
  expect(reported['1.1.0']).toMatchObject({ health: { ok: 1 }, feedback: { bins: [[1, 1]] } });
  expect(reported['1.2.0']?.health).toMatchObject({ ok: 3 });
});

test('a version that was put to rest and comes back counts on in the same report', async () => {
  const model = await serve(version('1.1.0', 1, well), version('1.2.0', 2, well));
  const { meta } = await model.run();
  expect(model.handover.rest(new NearsideError('worker-lost', 'at rest'))).toBe(true);
  await model.run();
  model.recording.feedback(meta.id, '1', model.handover.current);
  const reported = await model.close();
  expect(reported['1.1.0']).toMatchObject({ health: { ok: 2 }, feedback: { bins: [[1, 0]] } });
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
  expect(reports.filter(({ first }) => first)).toHaveLength(1);
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
