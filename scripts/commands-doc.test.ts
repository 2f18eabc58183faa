import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runNearside } from '../packages/publisher/src/testing/run-nearside.js';
import { root } from './root.mjs';

const COMMANDS = wordsAtStart((await runNearside(['--help'])).out);

/** `nearside left` is a key in `localStorage`. */
const KEY = 'left';

const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'models/README.md'],
  ...(await pagesIn('docs')),
  ...(await pagesIn('packages')),
  ...(await pagesIn('examples')),
];

test('the publisher’s README has a row for every command, and for no other', async () => {
  const readme = await readFile(`${root}packages/publisher/README.md`, 'utf8');
  const [, section = ''] = readme.match(/^## Commands$(.+?)^## /ms) ?? [];
  const rows = [...section.matchAll(/^\| `([a-z-]+) /gm)].map(([, name]) => name);
  expect([...new Set(rows)].sort()).toEqual(COMMANDS);
});

test('CHANGELOG.md names every command', async () => {
  const changelog = await readFile(`${root}CHANGELOG.md`, 'utf8');
  const [, list = ''] = changelog.match(/^- `nearside (.+?), with Node alone/ms) ?? [];
  const named = list.match(/[a-z-]+/g) ?? [];
  expect(named.sort()).toEqual(COMMANDS);
});

test('every command of `nearside` that a page names is there, with each option that a block of code gives it', async () => {
  const wrong: string[] = [];
  const options = new Map<string, Set<string>>();
  for (const page of PAGES) {
    const text = await readFile(`${root}${page}`, 'utf8');
    for (const [, name = ''] of text.matchAll(/`(?:npx )?nearside ([a-z-]+)[^`]*`/g))
      if (![...COMMANDS, KEY].includes(name)) wrong.push(`${page}: nearside ${name}`);
    for (const { name, given } of commandsIn(text)) {
      if (!COMMANDS.includes(name)) wrong.push(`${page}: nearside ${name}`);
      if (!options.has(name)) options.set(name, await optionsOf(name));
      for (const option of given)
        if (!options.get(name)?.has(option)) wrong.push(`${page}: nearside ${name} ${option}`);
    }
  }
  expect(options.size).toBeGreaterThan(10);
  expect(wrong).toEqual([]);
});

/** Names that stand first on their line in a list of `--help`. */
function wordsAtStart(help: string): string[] {
  const [, list = ''] = help.split('Commands:\n');
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name as string).sort();
}

async function optionsOf(name: string): Promise<Set<string>> {
  const { out } = await runNearside([name, '--help']);
  return new Set(out.match(/--[a-z][a-z-]*/g));
}

/** Command lines of a page's blocks of code; one that ends with `\` goes on. */
function commandsIn(text: string): { name: string; given: string[] }[] {
  const blocks = [...text.matchAll(/^ *```[^\n]*\n([\s\S]*?)^ *```/gm)].map(
    ([, block = '']) => block,
  );
  return blocks
    .flatMap((block) => block.replace(/\\\n/g, ' ').split('\n'))
    .flatMap((line) => {
      const [, name, rest = ''] =
        line.match(/^(?:\$ )?(?:\w+=\S+ )*(?:npx )?nearside +([a-z][a-z-]*)([^#|;&]*)/) ?? [];
      return name ? [{ name, given: rest.match(/--[a-z][a-z-]*/g) ?? [] }] : [];
    });
}

async function pagesIn(folder: string): Promise<string[]> {
  const names = await readdir(`${root}${folder}`, { recursive: true });
  return names
    .filter(
      (name) => name.endsWith('.md') && !/(?:^|\/)(?:node_modules|dist|reference)\//.test(name),
    )
    .map((name) => `${folder}/${name}`);
}
