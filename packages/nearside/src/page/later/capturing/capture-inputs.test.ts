import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { Model } from '../../../shared/api/model.js';
import type { CaptureOptions } from '../../../shared/api/open-options.js';
import type { Input, RunOptions } from '../../../shared/api/run.js';
import { captureInputs } from './capture-inputs.js';

/** A model that takes anything, and gives away what it is told to. */
function open(options: CaptureOptions) {
  let runs = 0;
  const model = {
    async run(input: Input, { transfer }: RunOptions = {}) {
      runs += 1;
      if (transfer)
        structuredClone(input, { transfer: [(input as { data: Uint8Array }).data.buffer] });
      if (input === ('bad' as unknown))
        throw new NearsideError('input-invalid', 'expected another');
      return { output: [], meta: { id: `visit-${runs}`, version: '1.0.0' } };
    },
    stats: () => ({ model: 'digits' }),
    close: async () => {},
  } as unknown as Model;
  const captured = captureInputs(model, options);
  const run = (input: unknown, runOptions?: RunOptions) => captured.run(input as Input, runOptions);
  const exported = async (): Promise<Exported> =>
    JSON.parse((await (await captured.capture?.export())?.text()) ?? '');
  return { model: captured, capture: captured.capture, run, exported };
}

// biome-ignore lint/suspicious/noExplicitAny: what a reader of the file sees
type Exported = any;

const same = (input: unknown) => input;

test('inputs are exported with their runs, the oldest first', async () => {
  const { run, exported } = open({ redact: same });
  await run({ age: 40, name: 'x' });
  await run('bad').catch(() => {});
  expect(await exported()).toEqual({
    nearsideCapture: 1,
    model: 'digits',
    inputs: [
      { atMs: expect.any(Number), id: 'visit-1', version: '1.0.0', input: { age: 40, name: 'x' } },
      { atMs: expect.any(Number), code: 'input-invalid', input: 'bad' },
    ],
  });
});

test('bytes and numbers that JSON does not have can be told from the file', async () => {
  const { run, exported } = open({ redact: same });
  await run({
    floats: Float32Array.of(1, -2),
    part: new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
    buffer: new Uint8Array([255]).buffer,
    blob: new Blob(['abc'], { type: 'text/plain' }),
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, 1.5],
    none: null,
  });
  const [{ input }] = (await exported()).inputs;
  expect(input).toEqual({
    floats: { $kind: 'Float32Array', base64: 'AACAPwAAAMA=' },
    part: { $kind: 'Uint8Array', base64: 'AgM=' },
    buffer: { $kind: 'ArrayBuffer', base64: '/w==' },
    blob: { $kind: 'Blob', type: 'text/plain', base64: 'YWJj' },
    numbers: [{ $kind: 'number', text: 'NaN' }, { $kind: 'number', text: 'Infinity' }, 1.5],
    none: null,
  });
});

test('what redact leaves out is not kept', async () => {
  const redact = (input: unknown) => ({ age: (input as { age: number }).age });
  const { run, exported } = open({ redact });
  await run({ age: 40, name: 'MARKER' });
  expect(JSON.stringify(await exported())).not.toContain('MARKER');
});

test.each([
  ['returns undefined', (): unknown => undefined, 0],
  ['promises undefined', async (): Promise<unknown> => undefined, 0],
  ['throws', refuse, 1],
  ['rejects', async () => Promise.reject(new Error('no')), 1],
  ['returns what is no data', (): unknown => open, 1],
  ['returns itself, without end', endless, 1],
] as const)(
  'nothing is kept where redact %s, and the run has its result',
  async (_, redact, refused) => {
    const { run, capture } = open({ redact });
    expect((await run('an input')).meta.id).toBe('visit-1');
    await expect.poll(() => capture?.refused).toBe(refused);
    expect(capture).toMatchObject({ inputs: 0, sizeBytes: 0 });
  },
);

function refuse(): never {
  throw new Error('no');
}

function endless(): object {
  const list: unknown[] = [];
  list.push(list);
  return list;
}

test('an input is kept as it was at the call, also when it is given away', async () => {
  const { run, exported } = open({ redact: same });
  const data = new Uint8Array([7, 8]);
  await run({ data }, { transfer: true });
  expect(data.length).toBe(0);
  const [{ input }] = (await exported()).inputs;
  expect(input.data).toEqual({ $kind: 'Uint8Array', base64: 'Bwg=' });
});

test('what redact changes in place changes nothing of what the model is given', async () => {
  const redact = (input: unknown) => {
    const { pixels, person, part } = input as typeof given;
    pixels.data.fill(0);
    part.fill(0);
    person.name = '';
    return input;
  };
  const memory = Float32Array.of(1, 2, 3);
  const given = {
    pixels: { data: new Uint8ClampedArray([7, 8]) },
    person: { name: 'MARKER' },
    part: memory.subarray(1),
  };
  const { run, exported } = open({ redact });
  await run(given);
  expect(given.pixels.data).toEqual(new Uint8ClampedArray([7, 8]));
  expect(given.person.name).toBe('MARKER');
  expect(memory).toEqual(Float32Array.of(1, 2, 3));
  const [{ input }] = (await exported()).inputs;
  expect(input.person).toEqual({ name: '' });
  expect(input.part).toEqual({ $kind: 'Float32Array', base64: 'AAAAAAAAAAA=' });
});

test('redact gets a copy of a map, of shared memory and of what lies deep within others', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7);
  const map = new Map([['name', 'MARKER']]);
  const deep = { name: 'MARKER' };
  const given = { map, shared: shared.buffer, deep: [[[[[[[[[deep]]]]]]]]] };
  const redact = (input: unknown) => {
    const copy = input as typeof given;
    copy.map.clear();
    new Uint8Array(copy.shared).fill(0);
    for (const found of copy.deep.flat(8) as unknown as (typeof deep)[]) found.name = '';
    return 'kept';
  };
  const { run, exported } = open({ redact });
  await run(given);
  expect((await exported()).inputs).toMatchObject([{ input: 'kept' }]);
  expect([map.get('name'), shared[0], deep.name]).toEqual(['MARKER', 7, 'MARKER']);
});

test('the oldest make room: by their number, and by what they take', async () => {
  const few = open({ redact: same, maxInputs: 2 });
  for (const input of ['a', 'b', 'c']) await few.run(input);
  expect((await few.exported()).inputs.map(({ input }: { input: string }) => input)).toEqual([
    'b',
    'c',
  ]);

  const small = open({ redact: same, maxBytes: 1000 });
  for (let i = 0; i < 3; i += 1) await small.run({ data: new Uint8Array(400).fill(i) });
  expect(small.capture?.inputs).toBe(2);
  expect(small.capture?.sizeBytes).toBeLessThanOrEqual(1000);
  await small.run({ data: new Uint8Array(1001) });
  expect(small.capture).toMatchObject({ inputs: 2, refused: 1 });
});

test('clear forgets everything, and what redact still looked at', async () => {
  let allow: ((value: unknown) => void) | undefined;
  const redact = (input: unknown) =>
    input === 'slow'
      ? new Promise((resolve) => {
          allow = resolve;
        })
      : input;
  const { run, capture, exported } = open({ redact });
  await run('before');
  await run('slow');
  capture?.clear();
  allow?.('slow');
  await run('after');
  expect((await exported()).inputs).toMatchObject([{ input: 'after' }]);
});

test('a model that is closed keeps nothing', async () => {
  const { model, run, capture } = open({ redact: same });
  await run('before');
  await model.close();
  await run('after');
  expect(capture).toMatchObject({ inputs: 0, sizeBytes: 0 });
});
