import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readExternalFiles } from './external-data.js';

const FIXTURES = new URL('../../../../../publisher/fixtures/', import.meta.url);

async function namesIn(...parts: BlobPart[]): Promise<string[]> {
  return [...(await readExternalFiles(new Blob(parts)))];
}

test('a model tells which file it has its weights in, and one that has them itself tells none', async () => {
  const external = await readFile(new URL('external/model.onnx', FIXTURES));
  expect(await namesIn(external)).toEqual(['model.onnx_data']);
  expect(await namesIn(await readFile(new URL('affine.onnx', FIXTURES)))).toEqual([]);
});

test('they are found in constants of nested graphs, and behind weights that are never read', async () => {
  const constant = message(1, message(5, message(5, external('a/one.bin'))));
  const nested = message(1, message(5, message(6, message(5, external('two.bin')))));
  const heavy = message(5, message(9, new Uint8Array(3_000_000)));
  const graph = message(7, constant, heavy, nested, message(5, external('two.bin')));
  const model = new Blob([graph]);
  let readBytes = 0;
  const watched = {
    size: model.size,
    slice(start = 0, end = 0) {
      readBytes += Math.min(end, model.size) - start;
      return model.slice(start, end);
    },
  };
  expect([...(await readExternalFiles(watched))]).toEqual(['a/one.bin', 'two.bin']);
  expect(readBytes).toBeLessThan(400_000);
});

test('an abort ends the walk over a file of empty nodes within a window of it', async () => {
  const nodes = new Uint8Array(1_000_000).map((_, i) => (i % 2 === 0 ? (1 << 3) | 2 : 0));
  const model = new Blob([message(7, nodes)]);
  const leaving = new AbortController();
  let windows = 0;
  const watched = {
    size: model.size,
    slice(start?: number, end?: number) {
      windows += 1;
      if (windows === 2) setTimeout(() => leaving.abort(new Error('left')));
      return model.slice(start, end);
    },
  };
  await expect(readExternalFiles(watched, leaving.signal)).rejects.toThrow('left');
  expect(windows).toBeLessThan(8); // as many as the file has
});

test('a place is left over where the tensor has its values itself, and the last of two counts', async () => {
  const tensors = [
    external('gone.bin', false),
    message(13, message(1, Buffer.from('location')), message(2, Buffer.from('old.bin'))),
    external('one.bin'),
    Buffer.concat([external('first.bin'), external('two.bin')]),
    external('one.bin'),
  ];
  const model = message(7, ...tensors.map((tensor) => message(5, tensor)));
  expect(await namesIn(model)).toEqual(['one.bin', 'two.bin']);
});

test('what is no model names nothing, wherever it is cut, and is not read for ever', async () => {
  const model = await readFile(new URL('external/model.onnx', FIXTURES));
  for (let length = 0; length < model.length; length += 7) {
    const names = await namesIn(model.subarray(0, length));
    expect(['', 'model.onnx_data']).toContain(names.join());
  }
  for (let first = 0; first < 256; first += 1) {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => (first * 31 + i * 17) & 255);
    expect(await namesIn(bytes)).toEqual([]);
  }
});

/** A field of a string or a message. */
function message(number: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = Buffer.concat(contents);
  const head = [(number << 3) | 2];
  let rest = content.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128);
  return new Uint8Array(Buffer.concat([Uint8Array.from([...head, rest]), content]));
}

/** A tensor's fields with the place of its values, and an offset there. */
function external(location: string, isExternal = true): Uint8Array {
  const entry = (key: string, value: string) =>
    message(13, message(1, Buffer.from(key)), message(2, Buffer.from(value)));
  const dataLocation = Uint8Array.of(14 << 3, isExternal ? 1 : 0);
  return Buffer.concat([entry('offset', '4096'), entry('location', location), dataLocation]);
}
