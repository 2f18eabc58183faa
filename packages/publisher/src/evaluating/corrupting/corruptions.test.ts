import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type FeatureRecord, type ModelSpec, parseModelSpec } from '@nearside/core';
import type { RawSound } from '@nearside/pipeline';
import { describe, expect, test } from 'vitest';
import corrupted from '../../../fixtures/corrupted.json' with { type: 'json' };
import { decodePicture, type Picture } from '../items/decode-picture.js';
import { addNoise, blur, compress, crop, darken } from './corrupt-picture.js';
import { type Corruption, corruptionsOf } from './corruptions.js';

const models = new URL('../../../../../models/', import.meta.url);

test.each([
  ['digits', ['noise', 'blur', 'crop', 'jpeg', 'dark']],
  ['ocr', ['noise', 'blur', 'crop', 'jpeg', 'dark']],
  ['voice', ['noise', 'quiet']],
  ['breast-cancer', ['missing']],
])('%s has the corruptions of what it takes', async (model, names) => {
  const spec = await specOf(model);
  expect(corruptionsOf(spec.task, spec).map(({ name }) => name)).toEqual(names);
});

test('tensors of numbers have no corruption, those of text and the task of an app have typos', () => {
  const input: ModelSpec['inputs'][0] = { name: 'x', datatype: 'FP32', shape: [1] };
  const text: typeof input = { ...input, datatype: 'BYTES' };
  const none = { outputs: [], preprocessing: [], postprocessing: [] };
  const namesFor = (task: string, inputs: ModelSpec['inputs']) =>
    corruptionsOf(task, { ...none, inputs }).map(({ name }) => name);
  expect(namesFor('tensors', [input])).toEqual([]);
  expect(namesFor('tensors', [input, text])).toEqual(['typos']);
  expect(namesFor('sentiment', [input])).toEqual(['typos']);
});

describe('the same seed gives the same bytes on every machine', () => {
  test.each([
    ['noise', 'c8aa133ebaa4ac268508707143586da9e64a7dad87f1626c065b210378cb603f'],
    ['blur', '1838ebddded175204ea62722aba34cf814552fb6152e874d3775f7b5b7aa14d5'],
    ['crop', '19b9061985a0a100fc15ee5a6f03528fd0a6b4fd4252bea1b3a759d9885df686'],
    ['jpeg', '95ac88d2a1406ffbcc31d4395387ef4b3e26d63c6b62f003645225329fe8163c'],
    ['dark', 'e48351158359bd9d38c79a04a8afa4598c9377866abd7a93e660183b9e385190'],
  ])('of a picture, %s', async (name, sha256) => {
    const picture = await pictureOf(0);
    const before = picture.data.slice();
    const { apply } = await corruptionOf('digits', name);
    const [once, again] = [await apply(picture, 7), await apply(picture, 7)] as [Picture, Picture];
    expect(sha256Of(once.data)).toBe(sha256);
    expect(again).toEqual(once);
    expect(picture.data).toEqual(before);
  });

  test.each([
    ['noise', 'fda783d073d725c0fdf258aa82de8c533a99d30cce9778a8a0739a32e7a4d43b'],
    ['quiet', '4beb97532abbdc3027ec15b5ec9c4838f13d0dfcda2ac46d3373c7f4a3045c51'],
  ])('of sound, %s', async (name, sha256) => {
    const { apply } = await corruptionOf('voice', name);
    const sound = (await apply(await clip(), 7)) as RawSound;
    expect(sha256Of(new Uint8Array(samplesOf(sound).buffer))).toBe(sha256);
  });
});

describe('as Pillow has it', () => {
  test.each([0, 1, 2])('picture %i is blurred and darkened', async (at) => {
    const { blurred, darkened } = corrupted[at] as (typeof corrupted)[0];
    const picture = await pictureOf(at);
    for (const [deviation, sha256] of Object.entries(blurred)) {
      expect(sha256Of(colours(blur(picture, Number(deviation))))).toBe(sha256);
    }
    expect(sha256Of(colours(darken(picture)))).toBe(darkened);
  });

  test('a JPEG of low quality is as far from its picture', async () => {
    const picture = await pictureOf(0);
    const asPillow = corrupted[0]?.compressed ?? 0;
    const [before, after] = [colours(picture), colours(await compress(picture))];
    const off = Math.sqrt(mean(after.map((value, i) => (value - (before[i] as number)) ** 2)));
    expect(off / asPillow).toBeCloseTo(1, 1);
  });
});

describe('a picture', () => {
  const gray = plain(201, 150, 128);

  test('has noise of a deviation of 20.4 levels, another for each seed', () => {
    const noisy = addNoise(gray, 1, 1);
    const noise = colours(noisy).map((value) => value - 128);
    expect(Math.abs(mean(noise))).toBeLessThan(0.3);
    expect(Math.sqrt(mean(noise.map((value) => value ** 2)))).toBeCloseTo(20.4, 0);
    expect(addNoise(gray, 2, 1)).not.toEqual(noisy);
  });

  test('much larger than the model sees has noise as coarse as its pixels', async () => {
    const { apply } = await corruptionOf('digits', 'noise'); // sees 28 × 28
    const { data } = (await apply(plain(112, 112, 128), 1)) as Picture;
    const row = (y: number) => [...data.subarray(y * 112 * 4, (y + 1) * 112 * 4)];
    expect(row(3)).toEqual(row(0));
    expect(row(4)).not.toEqual(row(0));
    expect(row(0).slice(12, 16)).toEqual(row(0).slice(0, 4));
    expect(row(0).slice(16, 20)).not.toEqual(row(0).slice(0, 4));
  });

  test('loses one to five hundredths of each edge, and of a small one a pixel', async () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const { width, height, data } = crop(gray, seed);
      expect([width >= 179, width <= 195, height >= 134, height <= 146]).not.toContain(false);
      expect(data.length).toBe(width * height * 4);
    }
    expect(crop(plain(28, 3, 0), 1)).toMatchObject({ width: 25, height: 1 });
    expect(crop(plain(1, 2, 0), 1)).toMatchObject({ width: 1, height: 2 });
  });

  test('keeps its transparency', async () => {
    const small = plain(24, 16, 128);
    const clear = { ...small, data: small.data.map((value, i) => (i % 4 === 3 ? i % 256 : value)) };
    const alpha = ({ data }: Picture) => data.filter((_, i) => i % 4 === 3);
    for (const each of [
      addNoise(clear, 1, 1),
      blur(clear, 1),
      darken(clear),
      await compress(clear),
    ])
      expect(alpha(each)).toEqual(alpha(clear));
  });
});

test('sound is ten times as powerful as its noise, and a tenth as loud where it is quiet', async () => {
  const [loud, quiet] = (await Promise.all(
    ['noise', 'quiet'].map(async (name) => {
      const { apply } = await corruptionOf('voice', name);
      return samplesOf((await apply(raw(), 3)) as RawSound);
    }),
  )) as [Float32Array, Float32Array];
  const given = samplesOf(raw());
  const power = (samples: Float32Array) => mean(samples.map((sample) => sample ** 2));
  expect(power(given) / power(loud.map((sample, i) => sample - (given[i] as number)))).toBeCloseTo(
    10,
    0,
  );
  expect(power(given) / power(quiet)).toBeCloseTo(100, 3);
});

describe('text', () => {
  const [{ apply }] = corruptionsOf('sentiment', {
    inputs: [],
    outputs: [],
    preprocessing: [],
    postprocessing: [],
  }) as [Corruption];
  const text = 'The quick brown fox jumps over the lazy dog, and 𝒳 runs after it.';

  test('has a letter in twenty swapped, left out or doubled', async () => {
    expect(await apply(text, 1)).toBe(
      'The quick brow foxx jumps over the lazy dog, and 𝒳 runs aftre it.',
    );
    expect(await apply('no', 1)).toBe('noo');
    expect(await apply('12', 1)).toBe('12');
  });

  test('of tensors is mistyped, and numbers beside it stay', async () => {
    const numbers = { datatype: 'FP32', shape: [1], data: Float32Array.of(1) };
    const words = { datatype: 'BYTES', shape: [2], data: ['first', 'second'] };
    const given = { tensors: { numbers, words } };
    const { tensors } = (await apply(given, 1)) as typeof given;
    expect(tensors.numbers).toBe(numbers);
    expect(tensors.words.data).not.toEqual(words.data);
    expect(words.data).toEqual(['first', 'second']);
    const none = { tensors: { numbers } };
    expect(await apply(none, 1)).toBe(none);
  });
});

test('a record misses a fifth of its optional features, and keeps one feature at least', async () => {
  const { apply } = await corruptionOf('breast-cancer', 'missing');
  const { features = [] } = await specOf('breast-cancer');
  const record = Object.fromEntries(features.map(({ name }) => [name, 1]));
  const rest = (await apply(record, 1)) as FeatureRecord;
  expect(Object.keys(rest)).toHaveLength(features.length - features.length / 5);
  expect(await apply(record, 2)).not.toEqual(rest);
  const single = { 'mean radius': 1, 'mean texture': null };
  expect(await apply(single, 1)).toEqual({ 'mean radius': 1 });
});

async function specOf(model: string): Promise<ModelSpec> {
  return parseModelSpec(JSON.parse(await readFile(new URL(`${model}/model.json`, models), 'utf8')));
}

async function corruptionOf(model: string, name: string): Promise<Corruption> {
  const spec = await specOf(model);
  return corruptionsOf(spec.task, spec).find((one) => one.name === name) as Corruption;
}

async function pictureOf(at: number): Promise<Picture> {
  return decodePicture(Buffer.from(corrupted[at]?.file ?? '', 'base64'), `${at}`);
}

function plain(width: number, height: number, level: number): Picture {
  return { width, height, data: new Uint8ClampedArray(width * height * 4).fill(level) };
}

function colours({ data }: Picture): number[] {
  return Array.from(data).filter((_, i) => i % 4 !== 3);
}

async function clip(): Promise<Blob> {
  return new Blob([await readFile(new URL('voice/clips/high.wav', models))]);
}

function raw(): RawSound {
  const samples = Float32Array.from({ length: 20_000 }, (_, i) => ((i % 100) - 50) / 200);
  return { samples, sampleRateHz: 16_000 };
}

function samplesOf({ samples }: RawSound): Float32Array<ArrayBuffer> {
  return (Array.isArray(samples) ? samples[0] : samples) as Float32Array<ArrayBuffer>;
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function sha256Of(bytes: ArrayLike<number>): string {
  return createHash('sha256').update(Uint8Array.from(bytes)).digest('hex');
}
