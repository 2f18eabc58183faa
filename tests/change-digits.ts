import { cp, readFile, writeFile } from 'node:fs/promises';
import { root } from '../scripts/root.mjs';

// biome-ignore lint/suspicious/noExplicitAny: files of a model directory are edited as the JSON they are
type Json = any;

const PATIENT = `${root}tests/fixtures/patient`;

/** A model directory of digits whose int8 variant runs as long as an input's largest pixel says. */
export async function makePatient(source: string): Promise<void> {
  await cp(`${PATIENT}/model.onnx`, `${source}/int8/model.onnx`);
  const filter = (file: string) => !file.endsWith('.onnx');
  await cp(PATIENT, `${source}/golden`, { recursive: true, filter });
}

/** Changes what these variants are to compute of one golden case, so that no backend reproduces it. */
export async function makeUnprovable(source: string, variants = ['int8']): Promise<void> {
  for (const variant of variants) {
    const file = `${source}/golden/seven.${variant}.logits.bin`;
    const logits = new Float32Array(new Uint8Array(await readFile(file)).buffer);
    await writeFile(file, new Uint8Array(logits.map((value) => value + 3).buffer));
  }
}

/** A version whose ONNX variant only copies pixels: far faster than any network. */
export function trivialOnOnnx({
  isWrong,
  version = '1.1.0',
  sequence = 2,
}: {
  isWrong: boolean;
  version?: string;
  sequence?: number;
}) {
  return {
    version,
    sequence,
    async change(source: string) {
      await keepVariants(source, ['int8', 'uint8']);
      if (isWrong) await cp(`${PATIENT}/model.onnx`, `${source}/int8/model.onnx`);
      else await makePatient(source);
    },
  };
}

/** Takes the other variants out of a model directory. */
export async function keepVariants(source: string, names: readonly string[]): Promise<void> {
  const kept = (all: object) => Object.entries(all).filter(([name]) => names.includes(name));
  await edit(`${source}/model.json`, (spec) => {
    spec.variants = spec.variants.filter(({ name }: { name: string }) => names.includes(name));
  });
  await edit(`${source}/golden.json`, (golden) => {
    golden.tolerance = Object.fromEntries(kept(golden.tolerance));
    for (const one of golden.cases) one.expected = Object.fromEntries(kept(one.expected));
  });
}

async function edit(file: string, change: (json: Json) => void): Promise<void> {
  const json = JSON.parse(await readFile(file, 'utf8'));
  change(json);
  await writeFile(file, JSON.stringify(json));
}

/** Another interface: what takes pictures no more does not fit the calls of a page that is open. */
export function takeTensorsOnly(spec: object): void {
  Object.assign(spec, { task: 'tensors', preprocessing: [], postprocessing: [] });
}
