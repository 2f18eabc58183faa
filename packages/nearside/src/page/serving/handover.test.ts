import { createDeferred, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { isVersionFault } from '../../shared/failures.js';
import { Handover } from './handover.js';
import type { Serving } from './serving.js';

/** A version on a backend, as far as the handover looks at it. */
function version(backend: string, sequence: number) {
  const told: string[] = [];
  const connection = {
    end: undefined as { reason: unknown } | undefined,
    close(reason: unknown) {
      connection.end ??= { reason };
      told.push('closed');
    },
  };
  const release = { version: `1.${sequence}.0`, sequence };
  return {
    told,
    die: (reason: unknown) => {
      connection.end = { reason };
    },
    serving: { backend, version: { release }, connection } as unknown as Serving,
  };
}

const failing = async () => {
  throw new NearsideError('backend-failed', 'expected numbers, got none');
};

function handOver(from: Serving, to: Serving) {
  const failed: string[] = [];
  const handover = new Handover(from, {
    revive: async () => from,
    onHanded(event) {
      if (event.kind !== 'went-back') return;
      failed.push(`${event.from.backend} → ${event.to.backend}: ${event.error.code}`);
    },
  });
  handover.take(to, isVersionFault);
  return { handover, failed };
}

test('what fails soon after it took over goes, and the one before serves again', async () => {
  const [slow, fast] = [version('tfjs-wasm', 1), version('onnx-wasm', 1)];
  const { handover, failed } = handOver(slow.serving, fast.serving);
  await expect(handover.run(failing)).rejects.toThrow('got none');
  expect(handover.current).toBe(slow.serving);
  expect(failed).toEqual(['onnx-wasm → tfjs-wasm: backend-failed']);
  expect([slow.told, fast.told]).toEqual([[], ['closed']]);
});

test('it is not idle before a version has settled in', async () => {
  const { handover } = handOver(version('onnx-wasm', 1).serving, version('onnx-wasm', 2).serving);
  for (const isIdle of [false, false, false, true]) {
    expect(handover.isIdle).toBe(isIdle);
    await handover.run(async () => {});
  }
});

test('it is idle when no run is under way', async () => {
  const { handover } = handOver(version('tfjs-wasm', 1).serving, version('onnx-wasm', 1).serving);
  let end = () => {};
  const running = handover.run(() => new Promise<void>((resolve) => (end = resolve)));
  await Promise.resolve();
  expect(handover.isIdle).toBe(false);
  end();
  await running;
  expect(handover.isIdle).toBe(true);
});

test('a version that hangs soon after it took over gives way; one that its caller ended does not', async () => {
  for (const [details, sequence] of [
    [{}, 1],
    [{ isOwn: true }, 2],
  ] as const) {
    const handover = new Handover(version('onnx-wasm', 1).serving, {
      revive: async (lost) => lost,
      onHanded() {},
    });
    handover.take(version('onnx-wasm', 2).serving, isVersionFault);
    const ended = new NearsideError('terminated', 'ended', { details });
    await handover.run(() => Promise.reject(ended)).catch(() => {});
    expect(handover.current.version.release.sequence).toBe(sequence);
  }
});

test('with no backend left to serve, the runs that wait are told so', async () => {
  const loss = new NearsideError('worker-lost', 'lost');
  const connection = {};
  const lost = { connection } as unknown as Serving;
  const none = new NearsideError('no-backend', 'none left');
  const revived = createDeferred<Serving>();
  const handover = new Handover(lost, {
    revive: () => revived.promise,
    onHanded() {},
  });
  const dying = async () => {
    Object.assign(connection, { end: { reason: loss } });
    throw loss;
  };
  await handover.run(dying).catch(() => {});
  const waiting = handover.run(async () => 'ran');
  revived.reject(none);
  await expect(waiting).rejects.toBe(none);
});

test('what is held is not put to rest; at rest it is made anew before it is held', async () => {
  const [first, anew] = [version('onnx-wasm', 1), version('onnx-wasm', 1)];
  const handover = new Handover(first.serving, {
    revive: async () => anew.serving,
    onHanded() {},
  });
  const rested = new NearsideError('worker-lost', 'at rest');
  const held = await handover.hold();
  expect(handover.rest(rested)).toBe(false);
  held.release();
  expect(handover.rest(rested)).toBe(true);
  expect(first.told).toEqual(['closed']);
  expect((await handover.hold()).serving).toBe(anew.serving);
});

test('an update that takes over while a lost worker is replaced is not undone', async () => {
  const [lost, anew, update] = [
    version('onnx-wasm', 1),
    version('onnx-wasm', 1),
    version('onnx-wasm', 2),
  ];
  const loss = new NearsideError('worker-lost', 'lost');
  const revived = createDeferred<Serving>();
  const handover = new Handover(lost.serving, {
    revive: () => revived.promise,
    onHanded() {},
  });
  Object.assign(lost.serving.connection, { end: { reason: loss } });
  const waiting = handover.run(async (serving) => serving);
  handover.take(update.serving, isVersionFault);
  revived.resolve(anew.serving);
  expect(await waiting).toBe(update.serving);
  expect([anew.told, update.told]).toEqual([['closed'], []]);
});

test('what would take over after closing is closed', async () => {
  const [first, next] = [version('onnx-wasm', 1), version('onnx-wasm', 2)];
  const handover = new Handover(first.serving, {
    revive: async (lost) => lost,
    onHanded() {},
  });
  await handover.close(undefined);
  handover.take(next.serving, isVersionFault);
  expect(handover.current).toBe(first.serving);
  expect(next.told).toEqual(['closed']);
});

test('a model at rest that is closed says so, also to a call that has begun to wake it', async () => {
  const [first, anew] = [version('onnx-wasm', 1), version('onnx-wasm', 1)];
  const revived = createDeferred<Serving>();
  const handover = new Handover(first.serving, {
    revive: () => revived.promise,
    onHanded() {},
  });
  handover.rest(new NearsideError('worker-lost', 'at rest'));
  first.die(new NearsideError('worker-lost', 'at rest'));
  const waking = handover.run(async () => 'run');
  const closed = new NearsideError('closed', 'closed');
  await handover.close(closed);
  revived.resolve(anew.serving);
  await expect(waking).rejects.toBe(closed);
  await expect(handover.run(async () => 'run')).rejects.toBe(closed);
  expect(anew.told).toEqual(['closed']);
});

test('a worker that was lost while nobody called is replaced before the next run, or stream', async () => {
  for (const use of ['run', 'hold'] as const) {
    const [lost, anew] = [version('onnx-wasm', 1), version('onnx-wasm', 1)];
    const handover = new Handover(lost.serving, {
      revive: async () => anew.serving,
      onHanded() {},
    });
    lost.die(new NearsideError('worker-lost', 'ended for another model'));
    const taken =
      use === 'run' ? handover.run(async (serving) => serving) : (await handover.hold()).serving;
    expect(await taken).toBe(anew.serving);
  }
});
