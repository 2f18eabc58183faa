import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { startRepository } from '../../scripts/stack.mjs';

/**
 * Publishes every model of `models/` by itself: each stage of each variant, as a model that takes and gives tensors.
 *
 * @param {string} dir empty folder to work in
 * @returns {Promise<{ url: string, trust: string, models: object[], close(): Promise<void> }>} of each model its name,
 *   the runtime, the inputs of its first golden case as plain values, and the chunks of its weights
 */
export async function publishAlone(dir) {
  const { arrayFromBytes, seededTensor } = await import('@nearside/core');
  const { generateKeys, pack, publish } = await import('@nearside/publisher');
  const [keys, repository] = [`${dir}/keys`, `${dir}/repository`];
  await generateKeys({ out: keys });
  const models = [];
  let trust = '';
  for (const folder of await listModels()) {
    const spec = await readJson(`${folder}/model.json`);
    const golden = await readJson(`${folder}/golden.json`);
    for (const part of partsOf(spec)) {
      const source = `${dir}/source/${part.name}`;
      await cp(folder, source, { recursive: true });
      const { name, variant, stage } = part;
      const own = asTensors(spec, part);
      const cases = goldenOf(golden, part);
      await writeFile(`${source}/model.json`, JSON.stringify(own));
      await writeFile(`${source}/golden.json`, JSON.stringify(cases));
      await lengthen(`${source}/${own.variants[0].files[0]}`, cases);
      const packed = `${dir}/packed/${name}`;
      await pack({ modelDirectory: source, out: packed, onnxRuntime: 'common' });
      ({ pin: trust } = await publish({ packed, repository, keys }));
      const layout = await readJson(`${packed}/layout.json`);
      const { files } = own.variants[0];
      const inputs = await readInputs(cases.cases[0], own, async (tensor) => {
        if (!tensor.file) return seededTensor(tensor).data;
        const { buffer } = new Uint8Array(await readFile(`${folder}/${tensor.file}`));
        return arrayFromBytes(tensor.datatype, buffer);
      });
      const chunks = files
        .filter((file) => !file.endsWith('.json'))
        .flatMap((file) => layout.files[file]);
      models.push({ name, runtime: variant.runtime, stage: stage.name, inputs, chunks });
    }
  }
  const server = await startRepository(repository, 0);
  return { url: server.url, trust, models, close: () => server.close() };
}

async function listModels() {
  const entries = await readdir(`${root}models`, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${root}models/${name}`)
    .sort();
}

/** Every variant of every stage that devices get, with a name of its own. */
function partsOf(spec) {
  const stages = spec.stages ?? [{ ...spec, name: undefined }];
  return spec.variants
    .filter(({ ships = true }) => ships)
    .flatMap((variant) =>
      stages.map((stage) => {
        const names = [spec.name, variant.name, stage.name].filter((name) => name !== undefined);
        return { name: names.join('-'), variant, stage };
      }),
    );
}

/** A model without steps. */
function asTensors({ format, version, limits }, { name, variant, stage }) {
  const { inputs, outputs, state } = stage;
  const { stages, ...own } = variant;
  const variants = [{ ...own, ...stages?.[stage.name] }];
  const known = { format, name, version, sequence: 1, task: 'tensors', inputs, outputs };
  return { ...known, ...(state && { state }), variants, limits };
}

/** The cases of one stage and variant. */
function goldenOf({ format, cases, tolerance }, { variant, stage }) {
  const only = cases
    .filter((one) => one.stage === stage.name)
    .map(({ stage: _, ...one }) => ({
      ...one,
      expected: { [variant.name]: one.expected[variant.name] },
    }));
  const { outputs, ...bounds } = tolerance[variant.name];
  const own = Object.entries(outputs ?? {}).flatMap(([output, bound]) => {
    const isOwn = stage.name === undefined || output.startsWith(`${stage.name}/`);
    return isOwn ? [[output.split('/').at(-1), bound]] : [];
  });
  return {
    format,
    cases: only,
    tolerance: { [variant.name]: { ...bounds, outputs: Object.fromEntries(own) } },
  };
}

/**
 * The golden files of a version take at most 2 % of its weights. A stage alone may have more: a comment in its file,
 * which nothing reads, makes up for that.
 */
async function lengthen(file, { cases: [first] }) {
  if (!file.endsWith('.onnx')) return;
  const model = await readFile(file);
  const tensors = [
    ...Object.values(first.inputs),
    ...Object.values(first.expected).flatMap((outputs) => Object.values(outputs)),
  ].filter(({ file }) => file); // others are drawn, and have no file
  const elements = tensors.map(({ shape }) => shape.reduce((count, axis) => count * axis, 1));
  const goldenBytes = elements.reduce((sum, count) => sum + 4 * count, 0);
  const missingBytes = 51 * goldenBytes - model.length;
  if (goldenBytes < 30_000 || missingBytes <= 0) return;
  const [docString, digits] = [0x32, [0, 7, 14, 21].map((bits) => (missingBytes >> bits) & 127)];
  const length = digits.map((digit, i) => (i < 3 ? digit | 128 : digit));
  await writeFile(
    file,
    Buffer.concat([model, Buffer.of(docString, ...length), Buffer.alloc(missingBytes, ' ')]),
  );
}

/** What a caller gives: the values of the golden case, or noise of the shapes that it warms up with. */
async function readInputs({ inputs, warmUp = {} }, { inputs: declared, state = [] }, valuesOf) {
  const given = Object.entries(inputs).filter(
    ([name]) =>
      !state.some(({ input }) => input === name) &&
      declared.find((input) => input.name === name)?.value === undefined,
  );
  const read = given.map(async ([name, tensor]) => {
    const { datatype } = tensor;
    const wanted = warmUp[name]?.shape;
    if (wanted) {
      const length = wanted.reduce((count, axis) => count * axis, 1);
      const values = Array.from({ length }, (_, i) => Math.sin(i / 7));
      return [name, { datatype, shape: wanted, values }];
    }
    return [name, { datatype, shape: tensor.shape, values: [...(await valuesOf(tensor))] }];
  });
  return Object.fromEntries(await Promise.all(read));
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}
