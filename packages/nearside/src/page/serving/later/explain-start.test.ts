import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { explainStart } from './explain-start.js';

const plan = {
  address: { repository: 'https://cdn.example/models/', model: 'digits' },
} as OpenPlan;

/** As `new URL('…', import.meta.url)` fails in a bundle that is one classic script. */
function withoutAddress(): unknown {
  try {
    return new URL('./assets/worker.js', undefined);
  } catch (error) {
    return error;
  }
}

test('a bundle without `import.meta.url` is told to pass `assets`', async () => {
  expect(await explainStart(withoutAddress(), plan)).toMatchObject({
    code: 'assets-unreachable',
    message: expect.stringContaining("open(url, { assets: '/nearside/' })"),
    retryable: false,
  });
});

test('a worker of another version, the app’s own too, is told what to copy and what to clear', async () => {
  const details = { ready: 'nearside-ready 0.0.9' };
  const error = new NearsideError('worker-blocked', 'another worker', { details });
  const own = { ...plan, worker: () => undefined } as OpenPlan;
  for (const how of [plan, own]) {
    expect(await explainStart(error, how)).toMatchObject({
      code: 'assets-unreachable',
      message: expect.stringMatching(
        /, got one of 0\.0\.9\. Copy .* those of 0\.0\.9: clear it\.$/,
      ),
      details: { expected: LIBRARY_VERSION, got: '0.0.9' },
    });
  }
});

test('what a worker of the app’s own throws is left as it is', async () => {
  const error = withoutAddress();
  const own = { ...plan, worker: () => undefined } as OpenPlan;
  expect(await explainStart(error, own)).toBe(error);
});
