import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

const SOURCE = `${root}packages/nearside/src`;

/**
 * The rooms of `packages/nearside/src`, the lowest first. Each may import the rooms that it names, itself, and the
 * files that import nothing of the package's rooms (`FOUNDATION`); type imports count. The top may import everything.
 */
const ROOMS: Record<string, readonly string[]> = {
  api: [],
  options: ['api', 'protocol.ts'],
  'protocol.ts': ['api'],
  'ended-run.ts': ['api', 'protocol.ts'],
  backends: ['api'],
  worker: ['api', 'options', 'protocol.ts', 'backends'],
  'runtime-files': ['api'],
  platform: ['api', 'protocol.ts', 'worker', 'runtime-files'],
  workers: ['api', 'protocol.ts', 'platform'],
  choice: ['api', 'options', 'backends', 'platform'],
  serving: ['api', 'options', 'protocol.ts', 'backends', 'choice', 'platform', 'workers'],
  telemetry: ['api', 'options', 'protocol.ts', 'ended-run.ts', 'platform'],
  running: [
    'api',
    'options',
    'protocol.ts',
    'ended-run.ts',
    'backends',
    'platform',
    'workers',
    'serving',
  ],
  streaming: ['api', 'options', 'protocol.ts', 'platform', 'workers', 'serving', 'running'],
  tuning: ['api', 'options', 'protocol.ts', 'backends', 'choice', 'workers', 'serving'],
  rehearsing: [
    'api',
    'options',
    'protocol.ts',
    'backends',
    'choice',
    'platform',
    'workers',
    'serving',
  ],
  capturing: ['api'],
  updating: ['api', 'options', 'protocol.ts', 'backends', 'choice', 'workers', 'serving'],
  fallback: [
    'api',
    'options',
    'protocol.ts',
    'ended-run.ts',
    'backends',
    'platform',
    'workers',
    'serving',
    'running',
    'streaming',
    'telemetry',
    'capturing',
  ],
};

/** What is one of several files, as package.json's `imports` and the builds say. */
const CHOSEN_BY_BUILD: Record<string, string> = {
  '#import-later': 'import-later.ts',
  '#platform': 'platform/host.ts',
  '#runtime-files': 'runtime-files/bundled.ts',
};

const FOUNDATION = [
  'failures.ts',
  'install-identity.ts',
  'median.ts',
  'timers.ts',
  'page.ts',
  'policy-refusal.ts',
  'library-version.ts',
];

test('every room of the library imports the rooms below it that it names, and nothing else', () => {
  const wrong: string[] = [];
  for (const file of sourceFiles()) {
    const from = roomOf(file);
    const allowed = FOUNDATION.includes(from) ? [] : ROOMS[from];
    if (!allowed) continue; // the top
    for (const target of importsOf(file)) {
      const to = roomOf(target);
      if (to === from || FOUNDATION.includes(to) || allowed.includes(to)) continue;
      wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('the second part is loaded by nothing but the top', () => {
  const loading = sourceFiles().filter((file) =>
    importsOf(file).some((target) => /^(load-)?later\.ts$/.test(target)),
  );
  expect(loading.filter((file) => file.includes('/'))).toEqual([]);
});

function sourceFiles(): string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') && !file.endsWith('.test.ts') && !/^(testing|assets)\//.test(file),
  );
}

/** A folder, or a file at the top. */
function roomOf(file: string): string {
  return file.split('/')[0] as string;
}

/** What a file imports of the package, types too. */
function importsOf(file: string): string[] {
  const text = readFileSync(`${SOURCE}/${file}`, 'utf8');
  const found = text.matchAll(
    /(?:\bfrom |\bimport\(|^import )'(\.[^']+|#platform|#runtime-files|#import-later)'/gm,
  );
  return [...found].map(
    ([, specifier]) =>
      CHOSEN_BY_BUILD[specifier as string] ??
      relative(SOURCE, join(dirname(`${SOURCE}/${file}`), specifier as string)).replace(
        /\.js$/,
        '.ts',
      ),
  );
}
