import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { GUIDE, SKILL, writeLlmsTexts } from './llms-texts.mjs';
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

test('the skill has front matter within its limits, and the page’s code as it stands there', async () => {
  const { skill } = await write();
  // https://agentskills.io/specification
  const [, name, description = ''] =
    /^---\nname: ([a-z-]{1,64})\ndescription: (.+)\n---\n/.exec(skill) ?? [];
  expect(SKILL.file).toBe(`skills/${name}/SKILL.md`);
  expect(description.length).toBeLessThanOrEqual(1024);
  expect(description).not.toMatch(/: | #/); // YAML would read another text
  const codeOf = (text: string) => text.match(/^ *```[\s\S]*?^ *```/gm);
  const page = await readFile(root + SKILL.page, 'utf8'); // readme.test.ts compiles its examples
  expect(codeOf(skill)).toEqual(codeOf(page));
  expect(codeOf(page)?.length).toBeGreaterThanOrEqual(4);
  const links = [
    ...skill.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/\]\(((?!https?:)[^)]+)/g),
  ];
  expect(links.map(([, link]) => link)).toEqual(['../../llms-full.txt']);
  expect(skill.split('\n').length).toBeLessThan(100);
});

async function write(addressOf?: (file: string) => string) {
  const folder = await mkdtemp(join(tmpdir(), 'nearside-llms-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeLlmsTexts(folder, addressOf);
  const [index = '', text = '', skill = ''] = await Promise.all(
    ['llms.txt', 'llms-full.txt', SKILL.file].map((name) => readFile(join(folder, name), 'utf8')),
  );
  return { index, text, skill };
}
