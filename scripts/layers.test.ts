import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

/** Packages whose folders, those at the top of `src`, never import each other in a circle. */
const WITHOUT_CIRCLES = ['artifact', 'collector', 'core', 'pipeline', 'publisher'];

/** What people import, and what they import of them: all else is on one side of the wire, or shared by both. */
const FACES: Record<string, readonly string[]> = {
  'index.ts': ['page', 'shared'],
  'script.ts': ['index.ts', 'page', 'shared'],
  'microphone.ts': ['page', 'shared'],
  'search.ts': ['page', 'shared'],
  'devtools.ts': ['shared'],
  'transformers.ts': ['shared'],
  'react.ts': ['page', 'shared'],
  'vue.ts': ['page', 'shared'],
  'svelte.ts': ['page', 'shared'],
  'worker.ts': ['worker', 'shared'],
};

const SIDES: Record<string, readonly string[]> = {
  shared: ['shared'],
  page: ['page', 'shared'],
  worker: ['worker', 'shared'],
};

/**
 * The rooms, the lowest first. Each may import the rooms that it names, itself, and `shared`; type imports count. A
 * folder `later` belongs to the room that it stands in.
 */
const ROOMS: Record<string, readonly string[]> = {
  'shared/api': [],
  shared: ['shared/api'],
  'worker/backends': [],
  worker: ['worker/backends'],
  'worker/assets': [],
  'page/runtime-files': [],
  'page/platform': ['page/runtime-files'],
  'page/microphone': ['page/runtime-files', 'page/platform'],
  'page/options': [],
  'page/workers': ['page/platform'],
  'page/search': ['page/workers'],
  'page/frameworks': [], // it opens models as any page does, by `nearside`
  'page/choice': ['page/options', 'page/platform'],
  'page/serving': ['page/options', 'page/platform', 'page/workers', 'page/choice'],
  'page/telemetry': ['page/options', 'page/platform'],
  'page/running': ['page/options', 'page/platform', 'page/workers', 'page/serving'],
  'page/streaming': ['page/options', 'page/platform', 'page/serving', 'page/running'],
  'page/rehearsing': [
    'page/options',
    'page/platform',
    'page/workers',
    'page/choice',
    'page/serving',
  ],
  'page/later': [],
  'page/later/capturing': [],
  'page/later/tuning': [
    'page/later',
    'page/options',
    'page/workers',
    'page/choice',
    'page/serving',
  ],
  'page/later/updating': [
    'page/later',
    'page/options',
    'page/workers',
    'page/choice',
    'page/serving',
  ],
  'page/later/shadowing': [
    'page/later',
    'page/options',
    'page/workers',
    'page/choice',
    'page/serving',
    'page/telemetry',
    'page/later/updating',
  ],
  'page/later/fallback': [
    'page/options',
    'page/platform',
    'page/workers',
    'page/choice',
    'page/serving',
    'page/telemetry',
    'page/running',
    'page/later/capturing',
  ],
  'page/model': [
    'page/options',
    'page/platform',
    'page/workers',
    'page/choice',
    'page/serving',
    'page/telemetry',
    'page/running',
    'page/streaming',
    'page/later/fallback',
    'page/later/tuning',
    'page/later/updating',
    'page/later/shadowing',
  ],
  page: [
    'page/runtime-files',
    'page/platform',
    'page/options',
    'page/workers',
    'page/choice',
    'page/serving',
    'page/telemetry',
    'page/running',
    'page/rehearsing',
    'page/later/fallback',
    'page/later/tuning',
    'page/model',
  ],
};

/** The door to what loads after the first result. */
const SECOND_PART = 'page/model/later/later.ts';

/** Which platform it is package.json decides. */
const PLATFORMS = ['page/platform/browser.ts', 'page/platform/node.ts'];

/** Of the page what the second part needs, `open` does not, and a face imports statically all the same. */
const OF_FACES = [
  'page/options/late-options.ts', // canRun
  'page/options/unsigned-files.ts', // canRun, openUnsigned
  'page/serving/join-engine.ts', // createEngine
  'page/streaming/ordered-pipe.ts', // microphone
  'page/workers/watchdog.ts', // createEngine
];

/** What is one of several files, as package.json's `imports` and the builds say. */
const CHOSEN_BY_BUILD: Record<string, string> = {
  '#import-later': 'page/model/import-later.ts',
  '#open-store': 'page/platform/node-store.ts',
  '#platform': 'page/platform/host.ts',
  '#runtime-files': 'page/runtime-files/bundled.ts',
};

const imports = importsIn('nearside');
const files = [...imports.keys()];

test.each(WITHOUT_CIRCLES)('no folder of %s imports one that needs it', (name) => {
  expect(circlesAmong(importsIn(name))).toEqual([]);
});

test('the page imports nothing of the worker, the worker nothing of the page, and what they share neither', () => {
  const crossing = (file: string, { target }: Import) => {
    const allowed = FACES[file] ?? SIDES[sideOf(file)] ?? [];
    return !allowed.includes(sideOf(target));
  };
  expect(wrongImports(crossing)).toEqual([]);
});

test('every room imports the rooms below it that it names, and nothing else', () => {
  const rooms = Object.keys(ROOMS);
  const wrong = (file: string, { target }: Import) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    if (file in FACES || from === to) return false;
    const isShared = sideOf(to) === 'shared' && sideOf(from) !== 'shared';
    const isBelow = rooms.indexOf(to) < rooms.indexOf(from);
    return !isShared && !(isBelow && ROOMS[from]?.includes(to));
  };
  expect(wrongImports(wrong)).toEqual([]);
});

test('no file of the library stands outside of these rooms', () => {
  expect(files.filter((file) => !(file in FACES) && !(roomOf(file) in ROOMS))).toEqual([]);
});

test('what stands in `later/` loads with the second part alone, and what else it loads is known', () => {
  const withFaces = closureOf([...Object.keys(FACES), ...PLATFORMS]);
  const withOpen = closureOf(['page/open.ts', ...PLATFORMS]);
  const isLater = (file: string) => file.split('/').includes('later');
  expect([...withFaces].filter(isLater)).toEqual([]);
  const others = [...closureOf([SECOND_PART])].filter(
    (file) => sideOf(file) === 'page' && !isLater(file) && !withOpen.has(file),
  );
  expect(others.sort()).toEqual(OF_FACES);
});

test('the second part is loaded by nothing but its door', () => {
  const loading = files.filter((file) =>
    imports.get(file)?.some(({ target, isType }) => target === SECOND_PART && !isType),
  );
  expect(loading).toEqual(['page/model/import-later.ts']);
});

interface Import {
  readonly target: string;
  /** Nothing of it is there at run time. */
  readonly isType: boolean;
  readonly isDynamic: boolean;
}

function wrongImports(isWrong: (file: string, of: Import) => boolean): string[] {
  return files.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((of) => isWrong(file, of))
      .map(({ target }) => `${file} imports ${target}`),
  );
}

/** `page` for `page/serving/later/revive.ts`; a face is named by itself. */
function sideOf(file: string): string {
  return file.split('/')[0] as string;
}

/** `page/serving` for `page/serving/later/revive.ts`. */
function roomOf(file: string): string {
  const folder = dirname(file);
  return folder in ROOMS ? folder : folder.replace(/\/later$/, '');
}

/** All that loads with these files. */
function closureOf(entries: readonly string[]): Set<string> {
  const found = new Set(entries);
  for (const file of found) {
    for (const { target, isType, isDynamic } of imports.get(file) ?? []) {
      if (!isType && !isDynamic) found.add(target);
    }
  }
  return found;
}

/** The folders that lead back to themselves by what they import. A file at the top counts as one. */
function circlesAmong(imports: ReadonlyMap<string, readonly Import[]>): string[] {
  const below = new Map<string, Set<string>>();
  for (const [file, targets] of imports) {
    const others = targets.map(({ target }) => sideOf(target)).filter((to) => to !== sideOf(file));
    below.set(sideOf(file), new Set([...(below.get(sideOf(file)) ?? []), ...others]));
  }
  return [...below.keys()].filter((folder) => {
    const reached = new Set(below.get(folder));
    for (const other of reached) for (const next of below.get(other) ?? []) reached.add(next);
    return reached.has(folder);
  });
}

/** By the files of a package, tests left out: what each of them imports of it. */
function importsIn(name: string): Map<string, Import[]> {
  const source = `${root}packages/${name}/src`;
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('testing/'),
  );
  return new Map(
    files.map((file) => [file, importsOf(file, readFileSync(`${source}/${file}`, 'utf8'))]),
  );
}

/** What a file imports of the package, types too. */
function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(
    /(?:^(?:import|export) (?<names>[^;']*?)from |^import |(?<call>(?<type>typeof )?\bimport\())'(?<specifier>\.[^']+|#open-store|#platform|#runtime-files|#import-later)'/gm,
  );
  return [...found].map(({ groups = {} }) => {
    const { names = '', specifier = '' } = groups;
    const path = join(dirname(file), specifier).replace(/\.js$/, '.ts');
    return {
      target: CHOSEN_BY_BUILD[specifier] ?? path,
      isType: groups.type !== undefined || isTypeOnly(names),
      isDynamic: groups.call !== undefined,
    };
  });
}

/** `type A`, `type { A, B }` and `{ type A, type B }`. */
function isTypeOnly(names: string): boolean {
  if (/^type\b/.test(names)) return true;
  const listed = names
    .replace(/[{}\s]+/g, ' ')
    .split(',')
    .map((name) => name.trim());
  return names !== '' && listed.every((name) => name === '' || name.startsWith('type '));
}
