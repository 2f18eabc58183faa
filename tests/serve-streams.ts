import { readFile } from 'node:fs/promises';
import { root } from '../scripts/root.mjs';
import { serveDigits } from './digits-repository.js';
import { serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';

/** A page, a model with state, one without, and a stream of the first as ONNX Runtime in Python computes it. */
export async function serveStreams() {
  const site = await serveBarePage();
  const leaky = await serveFixture('leaky-sum');
  const digits = await serveDigits();
  const known: { readonly x: number[][]; readonly y: number[][] } = JSON.parse(
    await readFile(`${root}tests/fixtures/leaky-sum/stream.json`, 'utf8'),
  );
  return {
    ...{ site, leaky, digits, known },
    close: () => Promise.all([site.close(), leaky.close(), digits.close()]),
  };
}
