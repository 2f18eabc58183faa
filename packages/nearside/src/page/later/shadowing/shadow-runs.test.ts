import { createDeferred, NearsideError } from '@nearside/core';
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

function done(value: string): BatchReply {
  const output = { label: value };
  return { kind: 'done', replies: [{ ok: true, value: { output, ...replyOf(value, 14) } }] };
}

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
  readonly store?: 'auto' | 'memory';
}

/** 1.0.0 serves, and 1.1.0 is its shadow, which decides as the input says. */
async function openShadowed({
  samples = [sampleOf('a'), sampleOf('b')],
  shadow: how = {},
  saveData,
  sampleRate = 1,
  consent,
  watchdogMs = 120_000,
  store = 'auto',
}: Given = {}) {
  const kept: SampledRun[] = [];
  const nexts: (number | undefined)[] = [];
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
          return done(value);
        },
        async sample(next) {
          nexts.push(next);
          return kept.splice(0);
        },
        async close() {
          if (isShadow) counts.closed += 1;
        },
      };
    },
    { plan: { store, policy: { update: 'auto', warmUpMs: 60_000, watchdogMs, saveData } } },
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
  /** The first run has the worker keep some, and one of the next fifty is the first of these. */
  async function use(): Promise<void> {
    const isFirst = nexts.length === 0;
    ran(1);
    if (isFirst) await until(() => expect(nexts).toHaveLength(1));
    await settled();
    kept.push(...samples);
    ran(50);
  }
  /** As much use, where nothing is to be kept. */
  async function useInVain(): Promise<void> {
    ran(1);
    await settled();
    ran(50);
    await settled();
  }
  return {
    runs,
    ran,
    use,
    useInVain,
    told,
    marks,
    state,
    counts,
    nexts,
    asked,
    heard,
    handover,
    which: () => which,
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

/** On a busy machine it may take seconds. */
const until = (check: () => void) => vi.waitFor(check, 20_000);

test('its answers are told to the report alone, compared with those that the version that serves gave', async () => {
  const { use, told, heard, runs, handover } = await openShadowed({
    samples: [sampleOf('a'), sampleOf('b', 'c')],
  });
  await use();
  await until(() => expect(told).toHaveLength(2));
  expect(told.map(({ candidate, by }) => [candidate, by === handover.current])).toEqual([
    ['1.1.0', true],
    ['1.1.0', true],
  ]);
  expect(
    told.map(({ servedReply, shadowReply }) => [servedReply.observation, shadowReply?.observation]),
  ).toEqual([
    [replyOf('a', 0).observation, replyOf('a', 0).observation],
    [replyOf('c', 0).observation, replyOf('b', 0).observation],
  ]);
  expect(heard).toEqual([]);
  runs.close(undefined);
});

test('its worker is opened as a shadow, which is never made active, and ended when it has been asked', async () => {
  const { use, told, counts, asked, which, runs } = await openShadowed();
  await use();
  await until(() => expect(counts.closed).toBe(1));
  expect([counts.open, told.length, which()]).toEqual([1, 2, 'shadow']);
  expect(asked.filter((call) => /spendTry|reject/.test(call))).toEqual([]);
  expect(runs.isAtWork).toBe(false);
  runs.close(undefined);
});

test.each<[string, Given, (opened: Awaited<ReturnType<typeof openShadowed>>) => void]>([
  ['on saveData', { saveData: true }, () => {}],
  ['on a day of which the device reports nothing', { sampleRate: 0 }, () => {}],
  ['without consent to reports', { consent: () => false }, () => {}],
  ['where its files would not stay on the device', { store: 'memory' }, () => {}],
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
  await opened.useInVain();
  expect([opened.counts.open, opened.told]).toEqual([0, []]);
  opened.runs.close(undefined);
});

test.each<[string, Given]>([
  ['on saveData', { saveData: true }],
  ['on a day of which the device reports nothing', { sampleRate: 0 }],
  ['without consent to reports', { consent: () => false }],
])('no input is kept %s', async (_, given) => {
  const { useInVain, nexts, runs } = await openShadowed(given);
  await useInVain();
  expect(nexts).toEqual([]);
  runs.close(undefined);
});

test('no input is kept any more once no shadow is offered', async () => {
  const { ran, state, nexts, runs } = await openShadowed();
  ran(1);
  await until(() => expect(nexts).toEqual([expect.any(Number)]));
  await settled();
  state.offered = undefined;
  ran(2);
  await until(() => expect(nexts).toEqual([expect.any(Number), undefined]));
  runs.close(undefined);
});

test('each of the first fifty runs of a visit has the same chance to be a sample, and then one in fifty is one', async () => {
  const firsts = new Set<number | undefined>();
  for (let i = 0; i < 20; i += 1) {
    const { ran, nexts, runs } = await openShadowed();
    ran(1);
    await until(() => expect(nexts).toHaveLength(1));
    firsts.add(nexts[0]);
    runs.close(undefined);
  }
  expect(firsts.size).toBeGreaterThan(5);
  for (const next of firsts) expect(next).toBeOneOf([...Array(50).keys()].map((run) => run + 1));
  const { use, nexts, told, runs } = await openShadowed();
  await use();
  await until(() => expect(told).toHaveLength(2));
  expect(nexts).toEqual([expect.any(Number), 50]);
  runs.close(undefined);
});

test('its runs take 2 % of the busy time at most, and one run more', async () => {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000_000);
  const slow: Partial<ModelCalls> = {
    async run() {
      clock.mockReturnValue(performance.now() + 60);
      return done('a');
    },
  };
  const samples = Array.from({ length: 8 }, () => sampleOf('a'));
  const { use, told, counts, runs } = await openShadowed({ samples, shadow: slow });
  await use(); // 51 runs of 100 ms: 102 ms
  await until(() => expect(counts.closed).toBe(1));
  expect(told).toHaveLength(2);
  vi.restoreAllMocks();
  runs.close(undefined);
});

test('it is started once in five minutes at most', async () => {
  const { use, ran, counts, runs } = await openShadowed();
  await use();
  await until(() => expect(counts.closed).toBe(1));
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 299_000);
  await use();
  ran(100);
  await settled();
  expect(counts.open).toBe(1);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2_000);
  await use();
  await until(() => expect(counts.open).toBe(2));
  vi.restoreAllMocks();
  runs.close(undefined);
});

test('calls that come in while it starts do not end it, and it is asked when the page is idle again', async () => {
  const loading = createDeferred<void>();
  const { use, ran, state, told, counts, runs } = await openShadowed({
    shadow: {
      async load() {
        await loading.promise;
        return LOADED;
      },
    },
  });
  await use();
  await until(() => expect(runs.isAtWork).toBe(true));
  state.isBusy = true;
  ran(20);
  loading.resolve();
  await settled();
  expect([counts.shadowRuns, counts.closed]).toEqual([0, 0]);
  state.isBusy = false;
  await until(() => expect(told).toHaveLength(2));
  runs.close(undefined);
});

test('a page that is hidden ends it', async () => {
  const { use, told, counts, runs } = await openShadowed({ shadow: { load: never } });
  await use();
  await until(() => expect(runs.isAtWork).toBe(true));
  Object.assign(document, { visibilityState: 'hidden' }).dispatchEvent(
    new Event('visibilitychange'),
  );
  await until(() => expect(counts.closed).toBe(1));
  expect([runs.isAtWork, told]).toEqual([false, []]);
  runs.close(undefined);
});

test('a page that dies while it is at work has marked an update, and the mark goes with it', async () => {
  const { use, marks, counts, runs } = await openShadowed();
  await use();
  await until(() => expect(counts.closed).toBe(1));
  await until(() => expect(marks.at(-1)).toBeUndefined());
  expect(new Set(marks)).toEqual(new Set(['updating', undefined]));
  runs.close(undefined);
});

test('one that hangs in warm-up is ended with the model at the latest', async () => {
  const { use, runs, counts, told } = await openShadowed({ shadow: { load: never } });
  await use();
  await until(() => expect(runs.isAtWork).toBe(true));
  runs.close(undefined);
  await until(() => expect(counts.closed).toBe(1));
  expect([runs.isAtWork, told]).toEqual([false, []]);
});

test('a version that does not start counts as an error of each input, and is not tried again in this visit', async () => {
  const { use, told, counts, runs } = await openShadowed({
    shadow: {
      load: async () => {
        throw new NearsideError('golden-mismatch', 'other numbers');
      },
    },
  });
  await use();
  await until(() => expect(told).toHaveLength(2));
  expect(told.map(({ shadowReply }) => shadowReply)).toEqual([undefined, undefined]);
  await use();
  await settled();
  expect(counts.open).toBe(1);
  runs.close(undefined);
});

test('a network that fails says nothing of it, and it is tried again later', async () => {
  let isOffline = true;
  const { use, told, counts, runs } = await openShadowed({
    shadow: {
      load: async () => {
        if (isOffline) throw new NearsideError('network-failed', 'offline', { retryable: true });
        return LOADED;
      },
    },
  });
  await use();
  await until(() => expect(counts.closed).toBe(1));
  expect(told).toEqual([]);
  isOffline = false;
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 301_000);
  await use();
  await until(() => expect(told).toHaveLength(2));
  vi.restoreAllMocks();
  runs.close(undefined);
});

test('a run that hangs is ended with its worker, and counts as an error', async () => {
  const { use, told, runs } = await openShadowed({ shadow: { run: never }, watchdogMs: 100 });
  await use();
  await until(() => expect(told).toHaveLength(1));
  expect(told[0]?.shadowReply).toBeUndefined();
  expect(runs.isAtWork).toBe(false);
  runs.close(undefined);
});

test('a model that decides nothing is sampled once, and never shadowed', async () => {
  const undecided = { ...sampleOf('a'), reply: replyOf(undefined, 10) };
  const { use, ran, counts, nexts, runs } = await openShadowed({ samples: [undecided] });
  await use();
  await until(() => expect(nexts).toHaveLength(2));
  await settled();
  ran(1);
  await until(() => expect(nexts).toEqual([expect.any(Number), 50, undefined]));
  expect(counts.open).toBe(0);
  runs.close(undefined);
});
