import { createDeferred } from '@nearside/core';
import { expect, test } from 'vitest';
import { createRunTurns } from './run-turns.js';

const inputs = [{ input: { kind: 'tensors', tensors: {} } }] as const;
const done = { kind: 'done', replies: [] } as const;

test('batches run one after another, also behind one that failed', async () => {
  const turns = createRunTurns().join();
  const trace: string[] = [];
  const begin =
    (name: string, fails = false) =>
    async () => {
      trace.push(`${name} begins`);
      await Promise.resolve();
      trace.push(`${name} ends`);
      if (fails) throw new Error(name);
      return done;
    };
  const first = turns.run({ id: 1, inputs }, begin('first', true));
  const second = turns.run({ id: 2, inputs }, begin('second'));
  await expect(first).rejects.toThrow('first');
  expect(await second).toBe(done);
  expect(trace).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});

test('a batch that has not begun comes back with its inputs', async () => {
  const turns = createRunTurns().join();
  let begun = false;
  const running = turns.run({ id: 1, inputs }, async () => done);
  const posted = turns.run({ id: 2, inputs }, async () => {
    begun = true;
    return done;
  });
  turns.recall(2);
  expect(await posted).toEqual({ kind: 'recalled', inputs });
  expect(begun).toBe(false);
  expect(await running).toBe(done);
});

test('a batch that runs already, or has ended, is not recalled', async () => {
  const turns = createRunTurns().join();
  const running = turns.run({ id: 1, inputs }, async () => {
    turns.recall(1);
    return done;
  });
  expect(await running).toBe(done);
  turns.recall(1);
  expect(await turns.run({ id: 1, inputs }, async () => done)).toBe(done);
});

test('interactive work of one model waits for the one run of another, not for what that has posted', async () => {
  const turns = createRunTurns();
  const flooding = turns.join();
  const patient = turns.join();
  const trace: string[] = [];
  const begin = (name: string) => async () => {
    trace.push(name);
    return done;
  };
  await Promise.all([
    flooding.run({ id: 1, inputs }, begin('flood')),
    flooding.run({ id: 2, inputs }, begin('posted flood')),
    patient.run({ id: 3, inputs, priority: 'interactive' }, begin('interactive')),
  ]);
  expect(trace).toEqual(['flood', 'interactive', 'posted flood']);
});

test('a model that leaves waits for what it runs, gets the rest back, and stops nobody else', async () => {
  const turns = createRunTurns();
  const leaving = turns.join();
  const staying = turns.join();
  const running = createDeferred<typeof done>();
  const first = leaving.run({ id: 1, inputs }, () => running.promise);
  const posted = leaving.run({ id: 2, inputs }, async () => done);
  const other = staying.run({ id: 3, inputs }, async () => done);
  const left = leaving.leave();
  running.resolve(done);
  await left;
  expect(await first).toBe(done);
  expect(await posted).toEqual({ kind: 'recalled', inputs });
  expect(await other).toBe(done);
});
