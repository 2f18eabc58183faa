import { createMemoryStore } from '@nearside/artifact';
import { row } from '../row.mjs';
import { weightPaths } from './cold-start.mjs';
import { openDevice } from './device.mjs';
import { bodyBytesOf } from './recorder.mjs';
import { openRepository } from './repository.mjs';

const WEIGHTS = { seeds: [1, 2, 3], fileBytes: 1024 * 1024 };

/** What a device fetches when nothing is new, and when everything but the weights is. */
export async function quietUpdates(dir) {
  const repository = await openRepository(dir);
  const { pin } = await repository.releaseNoise(WEIGHTS);
  const { recorder } = repository;
  const url = `${recorder.url}device/noise`;
  const device = openDevice({ url, pin, store: createMemoryStore() });
  await device.install();

  recorder.take();
  await device.installation.check();
  const idle = recorder.take();

  const next = { version: '1.0.1', sequence: 2, card: 'Noise, described better.' };
  const { packed } = await repository.releaseNoise({ ...WEIGHTS, ...next });
  const installed = await device.update();
  if (installed !== next.version) throw new Error(`expected ${next.version}, got ${installed}`);
  const weights = await weightPaths(packed);
  const fetched = recorder
    .take()
    .filter(({ path }) => weights.has(path) || path.startsWith('deltas/'));
  await repository.close();

  return [
    row('metadata-update-weight-bytes', { value: bodyBytesOf(fetched), unit: 'bytes', atMost: 0 }),
    row('idle-check-bytes', { value: bodyBytesOf(idle), unit: 'bytes', atMost: 1024 }),
    row('idle-check-requests', { value: idle.length, unit: 'requests', atMost: 2 }),
  ];
}
