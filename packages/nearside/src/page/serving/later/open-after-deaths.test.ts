import type { ModelSpec } from '@nearside/core';
import { describe, expect, test, vi } from 'vitest';
import type { BackendVerdict } from '../../../shared/api/backends.js';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import { planAsOpen } from '../../../testing/plan-as-open.js';
import { VERSION, withStandIns } from '../../../testing/worker-stand-in.js';
import { createBackendChoice, EMPTY_RECORD } from '../../choice/backend-choice.js';
import type { Death } from '../../choice/later/device-record.js';
import { decide } from '../../choice/later/ladder.js';
import { browserName } from '../../choice/page-mark.js';
import { standIn } from '../../later/fallback/fallback.js';
import { explainBackend } from '../../later/tuning/explain-backend.js';
import { describeOpening } from '../../model/model-stats.js';
import { requireLife } from '../../rehearsing/after-deaths.js';
import type { Serving } from '../serving.js';
import { openWith } from './open-after-deaths.js';
import { serveOther } from './roll-back.js';
import { tryBackends } from './try-backends.js';

const NOW_MS = Date.UTC(2027, 0, 5);
const HOUR_MS = 3_600_000;
const ONE = [{ name: 'int8', runtime: 'onnx' }] as unknown as ModelSpec['variants'];
const TWO = [...ONE, { name: 'uint8', runtime: 'tfjs' }] as unknown as ModelSpec['variants'];
const ON_ONNX = { backend: 'onnx-wasm', variant: 'int8' } as const;
const ON_TFJS = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const OF_LOST_PAGE = ['phase', 'backend', 'variant', 'threads', 'atMs', 'isLasting'];

function death(hoursAgo: number, given: Partial<Death> = {}): Death {
  return {
    phase: 'loading',
    ...ON_ONNX,
    sequence: 2,
    version: '2.0.0',
    variants: ONE,
    threads: 1,
    browser: browserName(),
    library: LIBRARY_VERSION,
    adapter: undefined,
    isLasting: false,
    isSettled: true,
    isTaken: false,
    atMs: NOW_MS - hoursAgo * HOUR_MS,
    ...given,
  };
}

/** Opens as after these deaths, as far as that takes no worker. */
async function after(deaths: readonly Death[], variants = ONE) {
  const hosted = ['tfjs-wasm', 'onnx-wasm', 'onnx-webgpu'] as const;
  const trust = `sha256-${'A'.repeat(43)}`;
  const given = await planAsOpen('https://cdn.example/models/m', { trust }, { hosted });
  const choice = createBackendChoice(given, EMPTY_RECORD);
  const { backends } = given;
  const where = {
    ...{ nowMs: NOW_MS, sequence: 2, hasPrevious: false, adapter: undefined },
    ...{ forced: undefined, backends },
  };
  const care = decide(deaths, where);
  const page = { threads: given.threads };
  const { plan, serve } = openWith(care, given, { choice, page });
  const spec = { name: 'm', sequence: 2, variants } as unknown as ModelSpec;
  const refusal = () => serve({ plan } as never, {} as never).catch((error) => error);
  const rehearse = (
    one: typeof ON_ONNX | typeof ON_TFJS | { backend: 'onnx-webgpu'; variant: 'int8' },
  ) => {
    try {
      return requireLife(one, spec, choice);
    } catch (error) {
      return error;
    }
  };
  return { plan, choice, refusal, rehearse };
}

function served({ choice, plan }: Awaited<ReturnType<typeof after>>) {
  const serving = {
    backend: 'onnx-wasm',
    variant: ONE[0],
    version: { spec: { variants: ONE } },
    loaded: { verdict: 'proven', threads: 1, times: {}, hardware: 'cpu' },
    failures: [],
  } as unknown as Serving;
  const rows = explainBackend(serving, { plan, choice });
  return { serving, rows, row: rows[0] as BackendVerdict };
}

test('after one death `canRun` says that it fits where `open` would, with the step and why, and that nothing else is tried', async () => {
  const { rehearse } = await after([death(1, { variants: TWO })], TWO);
  expect(rehearse(ON_TFJS)).toMatch(/^step 1 of 3 .*one thread.*int8 on onnx-wasm.*loading/);
  for (const left of [ON_ONNX, { backend: 'onnx-webgpu', variant: 'int8' } as const]) {
    const message = expect.stringMatching(/left out: int8 on onnx-wasm/);
    expect(rehearse(left)).toMatchObject({ code: 'page-lost', message });
  }
});

test('after a death nothing is tuned, warmed up or updated by itself; after one beside runs all else is as ever', async () => {
  const light = { tune: { when: 'off' }, policy: { update: 'manual' } };
  expect((await after([death(1)])).plan).toMatchObject(light);
  const { plan } = await after([death(1, { phase: 'tuning' })]);
  expect(plan).not.toMatchObject({ tune: light.tune });
  expect(plan).not.toMatchObject({ policy: light.policy });
});

test('`canRun` has the only contender fit after its death, and refuses where `open` does, but for the try of each day', async () => {
  const once = await after([death(1)]);
  expect(once.rehearse(ON_ONNX)).toMatch(/^step 1 of 3/);
  const twice = await after([death(2), death(1)]);
  expect(twice.rehearse(ON_ONNX)).toMatchObject({ code: 'page-lost' });
  const nextDay = await after([death(26), death(25)]);
  expect(nextDay.rehearse(ON_ONNX)).toMatch(/^step 2 of 3/);
});

test('the try of each day is as light as any after a death, says why, and looks for a version that is mended', async () => {
  const hourly = [26, 25, 24.5].map((hours) => death(hours, { threads: hours === 26 ? 4 : 1 }));
  const { plan, choice } = await after(hourly);
  expect(plan.tune.when).toBe('off');
  expect(plan.policy.update).not.toBe('manual');
  expect(choice.caution?.lost).toMatchObject([{ backend: 'onnx-wasm', variant: 'int8' }]);
});

test('a refusal says until when, and what forgets the deaths; it is not for the same call to try again', async () => {
  const { refusal } = await after([death(2), death(1)]);
  const again = new Date(NOW_MS + 23 * HOUR_MS).toISOString();
  const { code, message, details, retryable } = await refusal();
  expect({ code, retryable }).toEqual({ code: 'page-lost', retryable: false });
  expect(message).toContain(`refused until ${again}`);
  expect(message).toContain("clear({ model: 'm' })");
  expect(message).not.toContain('more care');
  expect(details).toMatchObject({ model: 'm', again });
  expect(Object.keys(details.lost[0])).toEqual(OF_LOST_PAGE);
});

test('a refusal names no day where each contender has died for good', async () => {
  const { refusal } = await after([death(2), death(1, { isLasting: true })]);
  const { message, details } = await refusal();
  expect(details.again).toBe(undefined);
  expect(message).toMatch(
    /refused until the version of the model, the browser or the library changes/,
  );
});

test('a page is told the fields of `LostPage` of each death, and no others', async () => {
  const { choice } = await after([death(1)]);
  const loaded = { times: {} };
  const serving = { loaded, version: {}, failures: [] } as unknown as Serving;
  const { lost } = describeOpening(serving, { choice, startMs: 0 });
  expect(lost.map((one) => Object.keys(one))).toEqual([OF_LOST_PAGE]);
});

test('the row of the one that serves says that a page died for it, and why it has one thread', async () => {
  vi.stubGlobal('crossOriginIsolated', true);
  vi.stubGlobal('navigator', { hardwareConcurrency: 2, userAgent: '' });
  const opened = await after([death(1, { threads: 2 })]);
  vi.unstubAllGlobals();
  expect(opened.plan.threads).toBe(1);
  const { row } = served(opened);
  expect(row).toMatchObject({ ...ON_ONNX, verdict: 'serving', code: 'page-lost' });
  expect(row.message).toMatch(
    /^1 of 2 threads: a page died lately; int8 on onnx-wasm.*loading \(threads: 2\)/,
  );
});

test('where there would be one thread anyway, deaths are not the reason', async () => {
  const { plan, choice } = await after([death(1)]);
  expect([plan.threads, choice.caution?.threadsReason]).toEqual([undefined, undefined]);
});

test('where `fallback` answers for pages that died, what died is named on its own backend, and its version', async () => {
  vi.stubGlobal('crossOriginIsolated', true);
  vi.stubGlobal('navigator', { hardwareConcurrency: 2, userAgent: '' });
  const { refusal, plan, choice } = await after([death(2), death(1)]);
  vi.unstubAllGlobals();
  expect(choice.caution?.threadsReason).toBe('1 of 2 threads: a page died lately');
  const { serving, choice: stand } = standIn(await refusal(), plan, { caution: choice.caution });
  expect(serving.version.release).toEqual({ model: 'm', version: '2.0.0', sequence: 2 });
  const rows = explainBackend(serving, { plan, choice: stand });
  const message = expect.stringContaining('loading (threads: 1)');
  expect(rows).toEqual([{ ...ON_ONNX, verdict: 'quarantined', code: 'page-lost', message }]);
  expect(stand.caution?.threadsReason).toBe(undefined);
  expect(stand.record.quarantined).toMatchObject([{ ...ON_ONNX, atMs: NOW_MS - HOUR_MS }]);
});

describe('where each contender of the version has died for good', () => {
  const NEXT = { model: 'digits', version: '2.0.0', sequence: 2 };
  const SPEC = { ...VERSION.spec, version: '2.0.0', sequence: 2 };

  /** Opens the model, as a repository has another version or none. */
  async function openWhere({
    next,
    update = 'auto',
  }: {
    next: typeof NEXT | undefined;
    update?: string;
  }) {
    const { context, asked } = withStandIns(
      () => ({
        open: async ({ which }) =>
          which.kind === 'candidate' ? { ...VERSION, release: NEXT, spec: SPEC } : VERSION,
        check: async () => ({ next, isRevoked: false, shadow: undefined }),
      }),
      {
        plan: {
          backends: ['onnx-wasm'],
          contenders: ['onnx-wasm'],
          policy: { update, warmUpMs: 60_000, watchdogMs: 120_000 },
        },
      },
    );
    const { variants } = VERSION.spec;
    const gone = { sequence: 1, isLasting: true, variants } as const;
    const deaths = [death(49, gone), death(48, { ...gone, variant: 'fp32' })];
    const care = decide(deaths, {
      ...{ nowMs: NOW_MS, sequence: 1, hasPrevious: false, adapter: undefined },
      ...{ forced: undefined, backends: ['onnx-wasm'] },
    });
    const opening = openWith(care, context.plan, { choice: context.choice, page: {} });
    const help = async () => ({ tryBackends, serveOther });
    const serving = opening.serve({ ...context, plan: opening.plan }, { help });
    return { serving, asked };
  }

  test('a newer one is looked for, and serves', async () => {
    const { serving } = await openWhere({ next: NEXT });
    expect((await serving).version.release).toEqual(NEXT);
  });

  test('it is refused as before where there is no newer one', async () => {
    const { serving, asked } = await openWhere({ next: undefined });
    await expect(serving).rejects.toMatchObject({ code: 'page-lost' });
    expect(asked).toContain('check onnx-wasm');
  });

  test('none is looked for where the page updates by hand', async () => {
    const { serving, asked } = await openWhere({ next: NEXT, update: 'manual' });
    await expect(serving).rejects.toMatchObject({ code: 'page-lost' });
    expect(asked).not.toContain('check onnx-wasm');
  });
});
