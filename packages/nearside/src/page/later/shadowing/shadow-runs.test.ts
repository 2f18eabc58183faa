import { NearsideError } from '@nearside/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EndedRun } from '../../../shared/ended-run.js';
import type {
  BatchReply,
  ModelCalls,
  OpenedVersion,
  OpenRequest,
  SampledRun,
} from '../../../shared/protocol.js';
import { FETCHED, LOADED, never, VERSION, withStandIns } from '../../../testing/worker-stand-in.js';
import { BESIDE_RUNS } from '../../choice/page-mark.js';
import { Handover } from '../../serving/handover.js';
import type { Recorded } from '../../telemetry/recorded.js';
import { ShadowRuns } from './shadow-runs.js';

const spec = { ...VERSION.spec, inputs: [], outputs: [], preprocessing: [], postprocessing: [] };
const SERVING = { ...VERSION, spec, install: { id: '0'.repeat(32) } } as unknown as OpenedVersion;
const release = { model: 'digits', version: '1.1.0', sequence: 2 };
const SHADOW: OpenedVersion = { ...SERVING, release, spec: { ...SERVING.spec, sequence: 2 } };

const replyOf = (predicted: string | undefined, run: number): SampledRun['reply'] => ({
  batch: 1,
  times: { pre: 0, run, post: 0 },
  observation: { bins: [3], predicted, substituted: [] },
});
const sampleOf = (value: string, predicted: string | undefined = value): SampledRun => ({
  input: { kind: 'other', value, owned: [] },
  reply: replyOf(predicted, 10),
});

beforeEach(() => {
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('requestIdleCallback', (done: () => void) => setTimeout(done, 0));
  vi.stubGlobal('cancelIdleCallback', clearTimeout);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

interface Given {
  readonly samples?: readonly SampledRun[];
  readonly shadow?: Partial<ModelCalls>;
  readonly saveData?: boolean;
  readonly sampleRate?: number;
  readonly consent?: () => boolean;
  readonly watchdogMs?: number;
}

/** 1.0.0 serves, and 1.1.0 is its shadow, which decides as the input says. */
async function openShadowed({
  samples = [sampleOf('a'), sampleOf('b')],
  shadow: how = {},
  saveData,
  sampleRate = 1,
  consent,
  watchdogMs = 120_000,
}: Given = {}) {
  const kept: SampledRun[] = [];
  const counts = { open: 0, closed: 0, shadowRuns: 0, activated: 0 };
  let which = '';
  const { context, asked, serve } = withStandIns(
    (_, tell) => {
      let isShadow = false;
      return {
        async open(request: OpenRequest) {
          isShadow = request.which.kind === 'shadow';
          if (isShadow) counts.open += 1;
          which = request.which.kind;
          return isShadow ? SHADOW : SERVING;
        },
        async load(request) {
          tell(FETCHED);
          return isShadow && how.load ? how.load(request) : LOADED;
        },
        async run(request): Promise<BatchReply> {
          counts.shadowRuns += 1;
          if (how.run) return how.run(request);
          const [{ input }] = request.inputs as [SampledRun];
          const { value } = input as { value: string };
          const output = { label: value };
          return {
            kind: 'done',
            replies: [{ ok: true, value: { output, ...replyOf(value, 14) } }],
          };
        },
        async sample(keeps) {
          const taken = kept.splice(0);
          return keeps ? taken : [];
        },
        async close() {
          if (isShadow) counts.closed += 1;
        },
      };
    },
    { plan: { policy: { update: 'auto', warmUpMs: 60_000, watchdogMs, saveData } } },
  );
  const handover = new Handover(await serve(), { revive: async (lost) => lost, onHanded() {} });
  const told: Extract<Recorded, { kind: 'shadowed' }>[] = [];
  const marks: (string | undefined)[] = [];
  const state = { isBusy: false, offered: release as typeof release | undefined };
  const heard: string[] = [];
  for (const name of ['backend-selected', 'backend-quarantined', 'version-failed'] as const) {
    context.emitter.on(name, () => heard.push(name));
  }
  const runs = new ShadowRuns({
    context: {
      ...context,
      mark: (place, work) => {
        if (place === BESIDE_RUNS) marks.push(work?.phase);
      },
    },
    handover,
    report: { sampleRate, consent } as never,
    tell: (what) => void told.push(what as never),
    offered: () => state.offered,
    isBusy: () => state.isBusy,
  });
  /** So many runs of 100 ms end. The worker keeps these. */
  function ran(n: number, of: Partial<EndedRun> = {}): void {
    for (let i = 0; i < n; i += 1) {
      runs.ran({
        served: handover.current,
        outcome: { kind: 'ok', reply: { output: 0, ...replyOf('a', 100) }, queueMs: 0 },
        ...of,
      } as EndedRun);
    }
  }
  async function use(): Promise<void> {
    ran(1);
    await settled(); // from here on the worker keeps some
    kept.push(...samples);
    ran(299);
  }
  return { runs, ran, use, told, marks, state, counts, asked, heard, handover, which: () => which };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

test('its answers are told to the report alone, compared with those that the version that serves gave', async () => {
  const { use, told, heard, runs, handover } = await openShadowed({
    samples: [sampleOf('a'), sampleOf('b', 'c')],
  });
  await use();
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told.map(({ candidate, by }) => [candidate, by === handover.current])).toEqual([
    ['1.1.0', true],
    ['1.1.0', true],
  ]);
  expect(told.map(({ serving, shadow }) => [serving.observation, shadow?.observation])).toEqual([
    [replyOf('a', 0).observation, replyOf('a', 0).observation],
    [replyOf('c', 0).observation, replyOf('b', 0).observation],
  ]);
  expect(heard).toEqual([]);
  runs.close(undefined);
});

test('its worker is opened as a shadow, which is never made active, and ended when it has been asked', async () => {
  const { use, told, counts, asked, which, runs } = await openShadowed();
  await use();
  await vi.waitFor(() => expect(counts.closed).toBe(1));
  expect([counts.open, told.length, which()]).toEqual([1, 2, 'shadow']);
  expect(asked.filter((call) => /spendTry|reject/.test(call))).toEqual([]);
  expect(runs.isAtWork).toBe(false);
  runs.close(undefined);
});

test.each<[string, Given, (opened: Awaited<ReturnType<typeof openShadowed>>) => void]>([
  ['on saveData', { saveData: true }, () => {}],
  ['on a day of which the device reports nothing', { sampleRate: 0 }, () => {}],
  ['without consent to reports', { consent: () => false }, () => {}],
  [
    'where none is offered, as while a canary is out or outside its share',
    {},
    ({ state }) => {
      state.offered = undefined;
    },
  ],
  [
    'while a call waits',
    {},
    ({ state }) => {
      state.isBusy = true;
    },
  ],
  ['while the page is hidden', {}, () => Object.assign(document, { visibilityState: 'hidden' })],
])('it does not run %s', async (_, given, set) => {
  const opened = await openShadowed(given);
  set(opened);
  await opened.use();
  await settled();
  expect([opened.counts.open, opened.told]).toEqual([0, []]);
  opened.runs.close(undefined);
});

test('it does not start before 2 % of the busy time are enough for it, nor before there can be a sample', async () => {
  const few = await openShadowed();
  few.ran(1);
  few.ran(48, { series: 'score' });
  few.ran(47, {});
  await settled();
  expect(few.asked.filter((call) => call.startsWith('sample'))).toHaveLength(1); // to keep some
  few.runs.close(undefined);
});

test('a call that comes in stops it at once, and it is not begun again before fifty more runs', async () => {
  const { use, ran, runs, counts, told, marks } = await openShadowed({ shadow: { load: never } });
  await use();
  await vi.waitFor(() => expect(runs.isAtWork).toBe(true));
  await vi.waitFor(() => expect(marks).toContain('updating'));
  ran(1);
  await vi.waitFor(() => expect(counts.closed).toBe(1));
  ran(20);
  await settled();
  expect([runs.isAtWork, counts.open, told]).toEqual([false, 1, []]);
  runs.close(undefined);
});

test('a page that dies while it is at work has marked an update, and the mark goes with it', async () => {
  const { use, marks, counts, runs } = await openShadowed();
  await use();
  await vi.waitFor(() => expect(counts.closed).toBe(1));
  await vi.waitFor(() => expect(marks.at(-1)).toBeUndefined());
  expect(new Set(marks)).toEqual(new Set(['updating', undefined]));
  runs.close(undefined);
});

test('one that hangs in warm-up is ended when its time is spent, and is tried again with twice as much', async () => {
  const { use, ran, runs, counts, told } = await openShadowed({
    shadow: { load: never },
  });
  await use(); // 600 ms
  await vi.waitFor(() => expect(counts.closed).toBe(1), 3_000);
  expect([runs.isAtWork, told]).toEqual([false, []]);
  ran(60);
  await settled();
  expect(counts.open).toBe(1);
  runs.close(undefined);
});

test('a version that does not start counts as an error of each input, and is not tried again in this visit', async () => {
  const { use, told, counts, state, runs } = await openShadowed({
    shadow: {
      load: async () => {
        throw new NearsideError('golden-mismatch', 'other numbers');
      },
    },
  });
  await use();
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told.map(({ shadow }) => shadow)).toEqual([undefined, undefined]);
  state.offered = { ...release }; // by another look
  await use();
  await settled();
  expect(counts.open).toBe(1);
  runs.close(undefined);
});

test('a network that fails says nothing of it, and the next look has it tried again', async () => {
  let isOffline = true;
  const { use, told, counts, state, runs } = await openShadowed({
    shadow: {
      load: async () => {
        if (isOffline) throw new NearsideError('network-failed', 'offline', { retryable: true });
        return LOADED;
      },
    },
  });
  await use();
  await vi.waitFor(() => expect(counts.open).toBe(1));
  await settled();
  await use();
  await settled();
  expect([counts.open, told]).toEqual([1, []]);
  isOffline = false;
  state.offered = { ...release };
  await use();
  await vi.waitFor(() => expect(told).toHaveLength(2));
  runs.close(undefined);
});

test('a run that hangs is ended with its worker, and counts as an error', async () => {
  const { use, told, runs } = await openShadowed({ shadow: { run: never }, watchdogMs: 100 });
  await use();
  await vi.waitFor(() => expect(told).toHaveLength(1), 3_000);
  expect(told[0]?.shadow).toBeUndefined();
  expect(runs.isAtWork).toBe(false);
  runs.close(undefined);
});

test('a model that decides nothing is sampled once, and never shadowed', async () => {
  const undecided = { ...sampleOf('a'), reply: replyOf(undefined, 10) };
  const { use, counts, asked, runs } = await openShadowed({ samples: [undecided] });
  await use();
  await settled();
  await use();
  await settled();
  expect(counts.open).toBe(0);
  expect(asked.filter((call) => call.startsWith('sample'))).toHaveLength(3); // keep, take, keep no more
  runs.close(undefined);
});
