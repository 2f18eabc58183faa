import { NearsideError } from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import { createModelEmitter } from '../../../shared/api/events.js';
import type { OpenedVersion } from '../../../shared/protocol.js';
import { never, until, withStandIns } from '../../../testing/worker-stand-in.js';
import type { ModelContext, Serving } from '../serving.js';
import { rollBack, serveOther } from './roll-back.js';

afterEach(() => {
  vi.useRealTimers();
});

test('a worker that hangs does not keep a version from being given up for ever: it is ended', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { context, asked, serve } = withStandIns(() => ({ reject: never }));
  const to = await serve();
  const failed = { version: '1.1.0', sequence: 2 };
  const told: object[] = [];
  context.emitter.on('version-rolled-back', (event) => told.push(event));
  const ended = rollBack({ ...context, failed, to, code: 'backend-failed' });
  await until(() => asked.includes('reject tfjs-wasm'));
  vi.advanceTimersByTime(240_000);
  await ended;
  expect(to.connection.end?.reason).toMatchObject({ code: 'terminated' });
  expect(told).toEqual([{ from: '1.1.0', to: '1.0.0', code: 'backend-failed' }]);
});

test('when it cannot be written down that a version has failed, the one before serves all the same', async () => {
  const connection = {
    reject: () => Promise.reject(new NearsideError('store-unavailable', 'full')),
  };
  const previous = {
    connection,
    version: { release: { version: '1.0.0' } },
  } as unknown as Serving;
  const emitter = createModelEmitter();
  const told: object[] = [];
  emitter.on('version-rolled-back', (event) => told.push(event));
  const context = { plan: { policy: {} }, emitter } as ModelContext;
  const failed = { model: 'digits', version: '1.1.0', sequence: 2 };
  const error = new NearsideError('golden-mismatch', 'expected the right numbers');
  const opened = [{ origin: 'store', release: failed }] as unknown as OpenedVersion[];
  const start = async () => previous;
  const serving = await serveOther(context, { error, opened, start });
  expect(serving).toBe(previous);
  expect(told).toEqual([expect.objectContaining({ from: '1.1.0', to: '1.0.0' })]);
});
