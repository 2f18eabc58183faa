import type { VerifiedBytes, VerifiedFile } from '@nearside/artifact';
import {
  parseGolden,
  parseModelSpec,
  type SeededTensor,
  type StoredTensor,
  type Tensor,
} from '@nearside/core';

/** `models/digits`, as the test server serves it from the workspace's root. */
const DIGITS = new URL('/models/digits/', globalThis.location.origin);

/**
 * A variant of `models/digits` with its golden cases.
 *
 * @param name of the variant
 */
export async function loadDigits(name: string) {
  const spec = parseModelSpec(await fetchJson('model.json'));
  const golden = parseGolden(await fetchJson('golden.json'));
  const variant = spec.variants.find((offered) => offered.name === name);
  const tolerance = golden.tolerance[name];
  if (!variant || !tolerance) throw new Error(`models/digits has no variant '${name}'`);
  const files = new Map<string, VerifiedBytes>();
  for (const file of variant.files) {
    files.set(file, (await fetchBytes(new URL(file, DIGITS).href)) as VerifiedBytes);
  }
  const cases = await Promise.all(
    golden.cases.map(async ({ inputs, expected }) => ({
      inputs: { pixel_values: await fetchTensor(inputs.pixel_values) },
      expected: await fetchTensor(expected[name]?.logits),
    })),
  );
  return { spec, variant, tolerance, files, weights: inChunks(files), cases };
}

/** Files by name as a session takes weights, cut every so many bytes; each chunk may be read again and again. */
export function inChunks(
  files: ReadonlyMap<string, VerifiedBytes>,
  cutBytes = 4 * 1024 * 1024,
): Map<string, VerifiedFile> {
  return new Map(
    [...files].map(([name, bytes]) => {
      const count = Math.ceil(bytes.length / cutBytes);
      const chunk = (i: number) => bytes.slice(i * cutBytes, (i + 1) * cutBytes) as VerifiedBytes;
      const chunkBytes = Array.from({ length: count }, (_, i) => chunk(i).length);
      return [name, { chunkBytes, read: async (i) => chunk(i) }];
    }),
  );
}

async function fetchTensor(stored?: StoredTensor | SeededTensor): Promise<Tensor> {
  if (!stored || 'seed' in stored) throw new Error('golden.json names no such tensor');
  const bytes = await fetchBytes(new URL(stored.file, DIGITS).href);
  return { datatype: 'FP32', shape: stored.shape, data: new Float32Array(bytes.buffer) };
}

async function fetchJson(file: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await fetchBytes(new URL(file, DIGITS).href)));
}

export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
