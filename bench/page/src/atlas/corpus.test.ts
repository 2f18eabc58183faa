import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { packCorpus } from '../../../atlas/pack-corpus.mjs';
import { type Corpus, type CorpusTest, exclusionInWords, parseCorpus } from './corpus.ts';

const folder = fileURLToPath(new URL('../../../atlas/fixtures/node', import.meta.url));

let unpacked: Uint8Array<ArrayBuffer>;
let corpus: Corpus;

beforeAll(async () => {
  unpacked = new Uint8Array(gunzipSync(await packCorpus({ folder, source: 'fixtures 1' })));
  corpus = parseCorpus(unpacked.buffer);
});

function named(name: string): CorpusTest {
  const found = corpus.tests.find((test) => test.name === name);
  if (!found) throw new TypeError(`Expected a test ${name}, got none.`);
  return found;
}

test('a test comes out of the packed file with the values that ONNX wrote', () => {
  const datatype = 'FP32';
  expect(corpus.inputsOf(named('test_add'))).toEqual({
    x: { datatype, shape: [3], data: Float32Array.of(1, -2, 3) },
    y: { datatype, shape: [3], data: Float32Array.of(10, 20, 30) },
  });
  expect(corpus.outputsOf(named('test_add')).sum?.data).toEqual(Float32Array.of(11, 18, 33));
  expect(corpus.inputsOf(named('test_loop_without_end')).go).toEqual({
    datatype: 'BOOL',
    shape: [],
    data: Uint8Array.of(1),
  });
});

test('numbers that are written one by one, and texts, are read as well', () => {
  const data = BigInt64Array.of(5n, -(2n ** 40n));
  expect(corpus.inputsOf(named('test_neg_listed')).n?.data).toEqual(data);
  expect(corpus.inputsOf(named('test_identity_text')).t?.data).toEqual(['ä', 'b']);
});

test('a function that is written out is a test of the function', () => {
  expect(named('test_relu_expanded_ver18').operator).toBe('Relu');
  expect(named('test_momentum').operator).toBe('ai.onnx.preview.training.Momentum');
});

test('what the page cannot ask is left out, with the reason', () => {
  const reasons = corpus.tests.flatMap(({ name, excluded }) =>
    excluded ? [[name, exclusionInWords(excluded)]] : [],
  );
  expect(Object.fromEntries(reasons)).toEqual({
    test_abs_empty: 'an axis of an input has length 0, which the library refuses',
    test_bernoulli: 'its values are drawn, and each runtime draws its own',
    test_constant: 'it has no input, and the library runs on inputs',
    test_max_uint64: 'it takes or gives UINT64, which the library has no tensor of',
  });
});

test('a file that was cut off in its first line is refused', () => {
  expect(() => parseCorpus(unpacked.slice(0, 100).buffer)).toThrow();
});
