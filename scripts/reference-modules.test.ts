import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseModelSpec } from '@nearside/core';
import { expect, onTestFinished, test } from 'vitest';
import { writeReferenceModule } from '../packages/publisher/src/reference/reference-module.js';
import { typesOf } from './library-types.js';
import { root } from './root.mjs';

const PAGE = `
import { open } from 'nearside';
import { breastCancer } from './breast-cancer.model.js';
import { digits } from './digits.model.js';
import { ocr } from './ocr.model.js';
import { things } from './things.model.js';
import { people } from './people.model.js';
import { voice } from './voice.model.js';

declare const file: Blob;

const [best] = (await (await open(digits)).run(file)).output;
export const isSeven = best?.label === '7';
// @ts-expect-error no digit is called so
export const isWrong = best?.label === 'seven';

const cells = await open(breastCancer, { backend: 'onnx-wasm' });
await cells.remember({ 'mean radius': 12 });
// @ts-expect-error no feature is called so
await cells.remember({ 'mean radios': 12 });
cells.feedback('id', { label: 'benign' });
// @ts-expect-error no label is called so
cells.feedback('id', { label: 'benine' });

export const text: string | undefined = (await (await open(ocr)).run(file)).output[0]?.text;
const [thing] = (await (await open(things)).run(file)).output;
export const isCat = thing?.label === 'Cat' && thing.box.width > 0;
// @ts-expect-error no thing is called so
export const isNone = thing?.label === 'Kat';
export const mask: Uint8Array = (await (await open(people)).run(file)).output.data;
export const { segments } = (await (await open(voice)).run(file)).output;
`;

test('modules of models compile in a page, and what is misspelt there does not', async () => {
  const texts = await Promise.all(
    ['breast-cancer', 'digits', 'ocr', 'people', 'things', 'voice'].map(writeModule),
  );
  const modules = texts.map(({ name, text }) => [`${name}.model.ts`, text]);
  const files = { ...Object.fromEntries(modules), 'page.ts': PAGE };
  const program = typesOf(files);
  const found = Object.keys(files).flatMap((name) =>
    program.getSemanticDiagnostics(program.getSourceFile(root + name)),
  );
  expect(found.map(({ messageText }) => messageText)).toEqual([]);
}, 60_000);

async function writeModule(name: string) {
  const folder = await mkdtemp(join(tmpdir(), 'nearside-modules-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const spec = parseModelSpec(
    JSON.parse(await readFile(`${root}models/${name}/model.json`, 'utf8')),
  );
  const file = join(folder, `${name}.model.ts`);
  await writeReferenceModule(file, {
    spec,
    reference: { url: `models/${name}`, integrity: 'sha256-…' },
  });
  return { name, text: await readFile(file, 'utf8') };
}
