import { createDeferred, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { createRunQueue, QUEUE_LIMITS } from './run-queue.js';

function never(): Promise<never> {
  return new Promise(() => {});
}

/** Fills the places at the worker, so that whatever comes next has to wait. */
function occupy(queue: ReturnType<typeof createRunQueue>) {
  const blockers = Array.from({ length: QUEUE_LIMITS.posted }, () => createDeferred<void>());
  const runs = blockers.map((blocker) =>
    queue.add({ priority: 'normal', start: () => blocker.promise }),
  );
  const release = () => {
    for (const blocker of blockers) blocker.resolve();
  };
  return { release, runs };
}

test('urgent work overtakes, and equal work keeps its order', async () => {
  const queue = createRunQueue();
  const { release } = occupy(queue);
  const order: string[] = [];
  const add = (name: string, priority: 'interactive' | 'normal' | 'background') =>
    queue.add({ priority, start: async () => void order.push(name) });
  const all = [
    add('background', 'background'),
    add('first normal', 'normal'),
    add('second normal', 'normal'),
    add('interactive', 'interactive'),
  ];
  release();
  await Promise.all(all);
  expect(order).toEqual(['interactive', 'first normal', 'second normal', 'background']);
});

test('one call more than the limit is refused at once, and the others are not affected', async () => {
  const queue = createRunQueue();
  const { release } = occupy(queue);
  const waiting = Array.from({ length: QUEUE_LIMITS.waiting }, (_, i) =>
    queue.add({ priority: 'normal', start: async () => i }),
  );
  await expect(queue.add({ priority: 'normal', start: async () => -1 })).rejects.toMatchObject({
    code: 'queue-full',
    retryable: true,
  });
  release();
  expect(await Promise.all(waiting)).toHaveLength(QUEUE_LIMITS.waiting);
});

test('an abort lets the caller go at once, and work that waits is never started', async () => {
  const queue = createRunQueue();
  const { release } = occupy(queue);
  const controller = new AbortController();
  let started = false;
  const aborted = queue.add({
    priority: 'normal',
    signal: controller.signal,
    start: async () => {
      started = true;
    },
  });
  controller.abort(new Error('changed my mind'));
  await expect(aborted).rejects.toThrow('changed my mind');
  expect(queue.waiting).toBe(0);
  release();
  await queue.add({ priority: 'normal', start: async () => {} });
  expect(started).toBe(false);
});

test('a deadline counts waiting too', async () => {
  const queue = createRunQueue();
  occupy(queue);
  const late = queue.add({ priority: 'normal', timeoutMs: 1, start: async () => {} });
  await expect(late).rejects.toMatchObject({ code: 'deadline' });
});

test('closing rejects what waits and what runs', async () => {
  const queue = createRunQueue();
  const running = queue.add({ priority: 'normal', start: never });
  const posted = queue.add({ priority: 'normal', start: never });
  const waiting = queue.add({ priority: 'normal', start: never });
  queue.close(new NearsideError('closed', 'closed'));
  for (const call of [running, posted, waiting]) {
    await expect(call).rejects.toMatchObject({ code: 'closed' });
  }
});

test('work that fails does not stop the work behind it', async () => {
  const queue = createRunQueue();
  const failing = queue.add({
    priority: 'normal',
    start: async () => {
      throw new Error('bad input');
    },
  });
  await expect(failing).rejects.toThrow('bad input');
  expect(await queue.add({ priority: 'normal', start: async () => 'fine' })).toBe('fine');
});
