import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { GUIDE, writeLlmsTexts } from './llms-texts.mjs';
import { root } from './root.mjs';

const files = GUIDE.flatMap(({ pages }) => pages.map(({ file }) => file));

test('llms.txt has a title, one line, and sections that link to every page of the guide', async () => {
  const { index } = await write((file) => `there/${file}`);
  expect(index).toMatch(/^# Nearside\n\n> .+\n\n/);
  expect(index.match(/^## .+$/gm)).toEqual(GUIDE.map(({ title }) => `## ${title}`));
  const links = [...index.matchAll(/^- \[.+\]\(there\/(.+)\)/gm)].map(([, file]) => file);
  expect(links).toEqual(files);
  expect(links).toContain('docs/guide/tools.md');
});

test('llms-full.txt has the text of every page of the guide, in its order, without links that lead nowhere', async () => {
  const { text } = await write();
  expect([...text.matchAll(/^File: (.+)$/gm)].map(([, file]) => file)).toEqual(files);
  for (const file of files) {
    const titles = (await readFile(root + file, 'utf8')).match(/^#+ .+$/gm);
    for (const title of titles ?? []) expect(text, file).toContain(`\n${title}\n`);
  }
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```|`[^`\n]*`/gm, '');
  expect(prose).not.toMatch(/\]\((?!https?:|#)/);
});

async function write(addressOf?: (file: string) => string) {
  const folder = await mkdtemp(join(tmpdir(), 'nearside-llms-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeLlmsTexts(folder, addressOf);
  const [index, text] = await Promise.all(
    ['llms.txt', 'llms-full.txt'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  return { index: index ?? '', text: text ?? '' };
}
