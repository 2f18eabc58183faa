import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { RunResult } from '../../../shared/api/run.js';
import type { ModelStream, StreamOptions } from '../../../shared/api/streams.js';
import type { Handover } from '../../serving/handover.js';
import { hasStreams } from '../../serving/later/rest-hidden.js';
import type { Serving } from '../../serving/serving.js';
import { openStream } from './open-stream.js';

/** A model that writes down which streams its worker was told of. */
function openModel({ isStateful = true, steps = [] as string[] } = {}) {
  const told = { begun: [] as number[], ended: [] as number[], held: 0 };
  const connection = {
    beginStream: async (id: number) => void told.begun.push(id),
    endStream: async (id: number) => void told.ended.push(id),
  };
  const spec = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
    state: isStateful ? [{}] : undefined,
    preprocessing: steps.map((step) => ({ step })),
  };
  const serving = { connection, version: { spec } } as unknown as Serving;
  const handover = {
    current: serving,
    hold: async () => {
      told.held += 1;
      const release = () => {
        told.held -= 1;
      };
      return { serving, release };
    },
  } as unknown as Handover;
  const lost = { isLost: false };
  const runItem = async (): Promise<RunResult> => {
    if (lost.isLost) throw new NearsideError('state-lost', 'lost');
    return { output: [], meta: { preMs: 0, runMs: 1, postMs: 0, batch: 1 } } as never;
  };
  const closing = new AbortController();
  const open = (source = frames(), options?: StreamOptions) =>
    openStream(source, options, {
      handover,
      runItem,
      closing: closing.signal,
      refusal: () => undefined,
      tell() {},
    });
  return { open, handover, told, closing, lost };
}

async function* frames(count = 10) {
  for (let i = 0; i < count; i += 1) {
    const x = { datatype: 'FP32', shape: [1], data: Float32Array.of(i) } as const;
    yield { tensors: { x } };
  }
}

async function read(stream: ModelStream): Promise<number> {
  let count = 0;
  for await (const _ of stream) count += 1;
  return count;
}

test('however a stream ends, its worker is told to forget it, and its version is let go', async () => {
  const ends: ((model: ReturnType<typeof openModel>) => Promise<unknown>)[] = [
    async ({ open }) => expect(await read(await open())).toBe(10),
    async ({ open }) => {
      for await (const _ of await open()) break;
    },
    async ({ open }) => (await open()).return(),
    async ({ open, lost }) => {
      lost.isLost = true;
      await expect(read(await open())).rejects.toMatchObject({ code: 'state-lost' });
    },
    async ({ open, closing }) => {
      const stream = await open();
      closing.abort('closed');
      await expect(stream.next()).rejects.toBe('closed');
    },
    async ({ open, closing }) => {
      const opening = open();
      closing.abort('closed'); // while it takes hold of the version
      await expect((await opening).next()).rejects.toBe('closed');
    },
    async ({ open }) => {
      const controller = new AbortController();
      const stream = await open(frames(), { signal: controller.signal });
      await stream.next();
      controller.abort('enough');
      await expect(stream.next()).rejects.toBe('enough');
    },
    async ({ open }) => {
      const stream = await open();
      await stream.next();
      stream.reset();
      stream.reset();
      await read(stream);
    },
  ];
  for (const end of ends) {
    const model = openModel();
    await end(model);
    expect(model.told.begun.length).toBeGreaterThan(0);
    expect(model.told.ended).toEqual(model.told.begun);
    expect(model.told.held).toBe(0);
  }
});

test('a model without state has no streams in its worker, and holds no version', async () => {
  const { open, told } = openModel({ isStateful: false });
  expect(await read(await open())).toBe(10);
  expect(told).toEqual({ begun: [], ended: [], held: 0 });
});

test('while a stream is open, with state or without, its model counts as in use', async () => {
  for (const isStateful of [true, false]) {
    const { open, handover } = openModel({ isStateful });
    const [one, another] = [await open(), await open()];
    await one.return();
    expect(hasStreams(handover)).toBe(true);
    await read(another);
    expect(hasStreams(handover)).toBe(false);
    const controller = new AbortController();
    await open(frames(), { signal: controller.signal });
    controller.abort('enough');
    expect(hasStreams(handover)).toBe(false);
  }
});

test('wrong options and an abort before the beginning begin nothing', async () => {
  const { open, told } = openModel();
  await expect(open(frames(), { maxWaiting: -1 })).rejects.toThrow(RangeError);
  await expect(open(frames(), { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  expect(told).toEqual({ begun: [], ended: [], held: 0 });
});

test('a stream of sound is one in its worker, also of a model without state', async () => {
  const { open, told } = openModel({ isStateful: false, steps: ['decode-audio', 'mix-down'] });
  await read(await open());
  expect(told).toEqual({ begun: [expect.any(Number)], ended: told.begun, held: 0 });
});
