import { cp, readFile, writeFile } from 'node:fs/promises';
import { root } from '../scripts/root.mjs';

/** A model directory of digits whose int8 variant runs as long as an input's largest pixel says. */
export async function makePatient(source: string): Promise<void> {
  const fixture = `${root}tests/fixtures/patient`;
  await cp(`${fixture}/model.onnx`, `${source}/int8/model.onnx`);
  const filter = (file: string) => !file.endsWith('.onnx');
  await cp(fixture, `${source}/golden`, { recursive: true, filter });
}

/** Changes what these variants are to compute of one golden case, so that no backend reproduces it. */
export async function makeUnprovable(source: string, variants = ['int8']): Promise<void> {
  for (const variant of variants) {
    const file = `${source}/golden/seven.${variant}.logits.bin`;
    const logits = new Float32Array(new Uint8Array(await readFile(file)).buffer);
    await writeFile(file, new Uint8Array(logits.map((value) => value + 3).buffer));
  }
}
