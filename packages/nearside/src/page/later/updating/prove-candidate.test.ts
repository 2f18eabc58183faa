import type { ReleaseIdentity } from '@nearside/artifact';
import { createDeferred } from '@nearside/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FETCHED, LOADED, never, until, withStandIns } from '../../../testing/worker-stand-in.js';
import { proveCandidate, type Trial } from './prove-candidate.js';

const NEXT: ReleaseIdentity = { model: 'digits', version: '1.1.0', sequence: 2 };

// Messages arrive, and time passes only when a test says so.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('the runtime of a candidate may take longer to arrive than loading it may', async () => {
  const downloads = createDeferred<void>();
  let loads = 0;
  const model = withStandIns((_, tell) => ({
    async load() {
      loads += 1;
      if (loads > 1) await downloads.promise;
      tell(FETCHED);
      return LOADED;
    },
  }));
  const { proven } = await prove(model);
  await until(() => loads > 1);
  vi.advanceTimersByTime(200_000);
  downloads.resolve();
  expect(await proven).toMatchObject({ backend: 'tfjs-wasm', quarantined: [] });
});

test('a serving worker that hangs does not keep the trial of a candidate waiting', async () => {
  const model = withStandIns(() => ({ spendTry: never }));
  const { proven, trial } = await prove(model);
  const ended = expect(proven).rejects.toMatchObject({ code: 'terminated' });
  await until(() => model.asked.includes('spendTry tfjs-wasm'));
  vi.advanceTimersByTime(240_000);
  await ended;
  expect(trial.triesLeft).toBeUndefined();
});

async function prove({ context, serve }: ReturnType<typeof withStandIns>) {
  const current = await serve();
  const trial: Trial = { triesLeft: undefined };
  const { signal } = new AbortController();
  return { proven: proveCandidate(context, NEXT, { current, trial, signal }), trial };
}
