import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { readNodeTest } from './read-node-test.mjs';

/** Of the header; grows when an older page could not read what is written here. */
const FORMAT = 1;

/**
 * Packs all node tests of a folder into one file: gzip of a line of JSON, then the bytes that it points into. Tests share
 * many of their bytes, which are in it once.
 *
 * @param {{ folder: string, source: string }} found
 */
export async function packCorpus({ folder, source }) {
  const names = (await readdir(folder)).filter((name) =>
    existsSync(`${folder}/${name}/model.onnx`),
  );
  const pool = createPool();
  const read = [];
  for (const name of names.sort()) read.push(await readNodeTest(`${folder}/${name}`, name));
  const operators = new Map(read.map(({ name, operators }) => [name, operators[0] ?? '']));
  const tests = read.map((test) => describe(test, operators, pool));
  const content = pool.join();
  const identity = createHash('sha256').update(JSON.stringify(tests)).update(content).digest('hex');
  const header = { format: FORMAT, source, identity: identity.slice(0, 16), tests };
  return gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), content]), {
    level: 9,
  });
}

function describe({ name, excluded, model, inputs, outputs }, operators, pool) {
  const described = { name, operator: operatorUnderTest(name, operators) };
  if (excluded) return { ...described, excluded };
  return {
    ...described,
    model: pool.place(model),
    inputs: inputs.map((values) => placeValues(values, pool)),
    outputs: outputs.map((values) => placeValues(values, pool)),
  };
}

/** A function's body, written out, is a test of the function: `test_elu_expanded_ver18` is one of Elu. */
function operatorUnderTest(name, operators) {
  const function_ = name.replace(/_expanded(?:_ver\d+)?$/, '');
  return operators.get(function_) ?? operators.get(name);
}

function placeValues({ name, datatype, shape, data }, pool) {
  const at = Array.isArray(data) ? { texts: data } : { at: pool.place(data) };
  return { name, datatype, shape, ...at };
}

/** Bytes that are the same lie there once. */
function createPool() {
  const parts = [];
  const places = new Map();
  let end = 0;
  return {
    /** @returns {[offset: number, length: number]} */
    place(bytes) {
      const key = createHash('sha256').update(bytes).digest('hex');
      const known = places.get(key);
      if (known) return known;
      const place = [end, bytes.length];
      places.set(key, place);
      parts.push(bytes);
      end += bytes.length;
      return place;
    },
    join: () => Buffer.concat(parts),
  };
}
