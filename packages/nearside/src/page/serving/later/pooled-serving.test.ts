import { expect, test } from 'vitest';
import type { OpenRequest } from '../../../shared/protocol.js';
import { LOADED, until, VERSION, withStandIns } from '../../../testing/worker-stand-in.js';
import { servePool } from './pooled-serving.js';

/** A model whose active version on this device is in the test's hands. */
function withActive() {
  const device = { active: 1, loaded: [] as number[] };
  const model = withStandIns(() => {
    let sequence = 0;
    return {
      async open({ which }: OpenRequest) {
        sequence = which.kind === 'served' ? which.sequence : device.active;
        return { ...VERSION, release: { ...VERSION.release, sequence } };
      },
      async load() {
        device.loaded.push(sequence);
        return LOADED;
      },
    };
  });
  return { ...model, device };
}

test('each worker of a pool has the version that serves, though another is the active one by now', async () => {
  const { context, serve, device } = withActive();
  const first = await serve();
  device.active = 2;
  const { connection } = servePool(first, { ...context, waiting: () => 0 }, { min: 2, max: 2 });
  await until(() => connection.workers.length === 2);
  expect(device.loaded).toEqual([1, 1]);
  await connection.close(undefined);
});
