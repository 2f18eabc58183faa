import { cp, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { stagePackages } from '../scripts/stage-packages.mjs';
import type { DrivenPage } from './core-path.js';
import { serveCdn } from './serve-cdn.js';

type Reference = { readonly url: string; readonly integrity: string };

/** What the samples below come to. */
const RIGHT = {
  breastCancer: 'malignant',
  digits: '1',
  faces: '1 face',
  people: 'about half',
  spam: 'spam',
  voice: 'voice in most of it',
};

/** `@nearside/models` as a server of npm packages has it, and samples beside it. */
export async function serveReadyModels() {
  const dir = await mkdtemp(join(tmpdir(), 'nearside-ready-'));
  const [staged] = await stagePackages(join(dir, 'npm/@nearside'), ['models']);
  const { dir: folder = '', version } = staged ?? {};
  const references: Record<string, Reference> = await import(join(folder, 'dist/index.js'));
  const sized = Object.entries(references).map(async ([name, { url }]) => {
    return [name, await bytesIn(join(folder, url.split('/').at(-1) ?? ''))] as const;
  });
  const bytes = Object.fromEntries(await Promise.all(sized));
  await rename(folder, `${folder}@${version}`);
  await cp(`${root}examples/digits/samples/astronaut.jpg`, join(dir, 'astronaut.jpg'));
  await cp(`${root}models/voice/clips/german.wav`, join(dir, 'german.wav'));
  const cdn = await serveCdn(dir);
  return {
    url: cdn.url,
    references: { ...references },
    /** Those of each model's folder. */
    bytes,
    async close() {
      await cdn.close();
      await rm(dir, { recursive: true });
    },
  };
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
  return stats.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

/** Every model opens from there by its reference, and its first answer is right. */
export async function expectRight(
  page: DrivenPage,
  { url, references }: Awaited<ReturnType<typeof serveReadyModels>>,
): Promise<void> {
  const held = await readFile(`${root}models/breast-cancer/held-out.json`, 'utf8');
  const { names, rows } = JSON.parse(held);
  const record = Object.fromEntries(
    names.map((name: string, i: number) => [name, rows[0].values[i]]),
  );
  const answers = await page.evaluate(firstAnswers, { url, references, record });
  expect(answers).toEqual(RIGHT);
}

/** In a page with the library. @returns the first answer of each model, in words */
async function firstAnswers({
  url,
  references,
  record,
}: {
  url: string;
  references: Record<string, Reference>;
  record: object;
}): Promise<Record<string, string>> {
  const scope = globalThis as Scope;
  while (!scope.nearside) await new Promise(requestAnimationFrame); // WebKit does not wait for the page's module
  const { nearside, one } = scope;
  const sample = async (name: string) => (await fetch(`${url}${name}`)).blob();
  const photo = await sample('astronaut.jpg');
  const inputs: Record<string, () => unknown> = {
    breastCancer: () => record,
    digits: one,
    faces: () => createImageBitmap(photo),
    people: () => createImageBitmap(photo),
    spam: () =>
      'CONGRATULATIONS!!! You have WON $1,000,000. Click here now to claim your free prize money.',
    voice: () => sample('german.wav'),
  };
  const words: Record<string, (output: Scope) => string> = {
    faces: (found) => `${found.length} ${found[0]?.label}`,
    people: ({ data }) => {
      const share = data.reduce((sum: number, value: number) => sum + value, 0) / 255 / data.length;
      return Math.abs(share - 0.54) < 0.05 ? 'about half' : `${share}`;
    },
    voice: ({ windows }) => {
      const heard = windows.filter(({ score }: { score: number }) => score > 0.5).length;
      return heard > windows.length / 2 ? 'voice in most of it' : `${heard} of ${windows.length}`;
    },
  };
  const labelOf = ([first]: { label: string }[]) => first?.label ?? 'none';
  const answers: Record<string, string> = {};
  for (const [name, reference] of Object.entries(references)) {
    const there = reference.url.replace('https://cdn.jsdelivr.net/', url);
    const model = await nearside.open({ ...reference, url: there });
    const { output } = await model.run(await inputs[name]?.());
    answers[name] = (words[name] ?? labelOf)(output);
    await model.close();
  }
  return answers;
}

// biome-ignore lint/suspicious/noExplicitAny: the bare page's global scope has no types.
type Scope = any;
