import { cp, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildPage } from '../build-page.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';

/** A classifier as the Hugging Face Hub has one, which `make_bert.py` beside it wrote. */
const BERT = `${root}packages/publisher/fixtures/bert`;
const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx'];
const PAIRS = sized(10);

/** Numbers that nothing uses bring the tiny classifier to the size of a usual one, 4 bytes each. */
const PADDING = 8 * 2 ** 20;

/**
 * Visits with all files on the device: verified ones, and those of transformers.js' own cache, by turns.
 *
 * @returns {Promise<{ opened: [number, number][], read: [number, number][] }>} pairs of milliseconds, ours first: until a pipeline
 *   is open, and until its files alone are read
 */
export async function measureVerified(browser, dir) {
  const { sealFiles } = await import('@nearside/publisher');
  await buildPage(import.meta.url, dir, ['verified']);
  await cp(BERT, `${dir}/models/plain`, { recursive: true });
  await pad(`${dir}/models/plain/onnx/model.onnx`);
  const sealed = await sealFiles({ directory: `${dir}/models/plain`, out: `${dir}/models/bert` });
  const ways = [{ integrity: sealed.integrity }, {}];
  const site = await serveSite({ dir, config: {}, port: 0 });
  const context = await browser.newContext();
  const visit = async (call) => {
    const page = await context.newPage();
    await page.goto(`${site.url}verified.html`);
    await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    const value = await page.evaluate(call);
    await page.close();
    return value;
  };
  const open = async (way) => {
    const call = `classify('Hello, world!', ${JSON.stringify(way)})`;
    const { label, openedMs } = await visit(call);
    if (label !== 'calm') throw new Error(`Expected 'calm', got '${label}'.`);
    return openedMs;
  };
  const read = (way) => visit(`readFiles(${JSON.stringify(FILES)}, ${JSON.stringify(way)})`);
  for (const way of ways) await open(way);
  const pairs = { opened: await inTurns(open, ways), read: await inTurns(read, ways) };
  await Promise.all([context.close(), site.close()]);
  return pairs;
}

/** Each pair in the other order than the one before. */
async function inTurns(measure, [ours, theirs]) {
  const pairs = [];
  for (const i of turns('verified files', PAIRS)) {
    const first = await measure(i % 2 === 0 ? ours : theirs);
    const second = await measure(i % 2 === 0 ? theirs : ours);
    pairs.push(i % 2 === 0 ? [first, second] : [second, first]);
  }
  return pairs;
}

/** Adds a tensor to an ONNX file: of a message that comes twice, protobuf joins the lists. */
async function pad(path) {
  const numbers = new Uint8Array(PADDING * 4);
  for (let at = 0; at < numbers.length; at += 65_536) {
    crypto.getRandomValues(numbers.subarray(at, at + 65_536));
  }
  for (let at = 3; at < numbers.length; at += 4) numbers[at] &= 0x3f; // finite
  const tensor = Buffer.concat([
    Buffer.from([8, ...varint(PADDING), 16, 1]), // dims; FLOAT
    field(8, Buffer.from('padding')),
    field(9, numbers),
  ]);
  const graph = field(7, field(5, tensor)); // ModelProto.graph, GraphProto.initializer
  await writeFile(path, Buffer.concat([await readFile(path), graph]));
}

function field(number, bytes) {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);
}

function varint(value) {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
