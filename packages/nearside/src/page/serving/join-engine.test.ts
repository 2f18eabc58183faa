import { expect, test, vi } from 'vitest';
import type { EngineContext } from '../workers/engine-context.js';
import { Handover } from './handover.js';
import { joinEngine } from './join-engine.js';
import type { Serving } from './serving.js';

/** A model in an engine that puts it to rest after a second. */
function resident() {
  const connection = {
    end: undefined as { reason: unknown } | undefined,
    workers: [],
    async close(reason: unknown) {
      connection.end ??= { reason };
    },
  };
  const version = { release: { model: 'digits' } };
  const handover = new Handover({ connection, version } as unknown as Serving, {
    revive: () => Promise.reject(new Error('nobody calls')),
    onHanded() {},
  });
  const engine = { idleMs: 1_000, models: new Set(), workers: { live: [] } };
  const membership = joinEngine({
    engine: engine as unknown as EngineContext,
    handover,
    isNeeded: () => false,
    close: async () => {},
  });
  return { handover, membership };
}

test('a model rests when nobody has called it for `idleMs`, counted from the last call', () => {
  vi.useFakeTimers();
  try {
    const { handover, membership } = resident();
    vi.advanceTimersByTime(999);
    membership.used();
    vi.advanceTimersByTime(999);
    expect(handover.isResting).toBe(false);
    vi.advanceTimersByTime(1);
    expect([handover.isResting, vi.getTimerCount()]).toEqual([true, 0]);
  } finally {
    vi.useRealTimers();
  }
});

test('a call that ends after its model was closed leaves no timer behind', async () => {
  vi.useFakeTimers();
  try {
    const { handover, membership } = resident();
    membership.leave();
    await handover.close(new Error('closed'));
    membership.used();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
