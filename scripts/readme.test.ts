import { existsSync } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { lanes } from '../consumers/lanes.mjs';
import { typesOf } from './library-types.js';
import { root } from './root.mjs';

/** What examples take for granted: all that they name and do not declare. Those that stand for themselves may not. */
const PRELUDE = `
declare const trust: string;
declare const photo: Blob;
declare const photos: readonly Blob[];
declare const file: File;
declare const data: Float32Array<ArrayBuffer>;
declare const camera: AsyncIterable<VideoFrame>;
declare const signal: AbortSignal;
declare const model: import('nearside').Model;
declare function draw(index: number, output: import('nearside').Output): void;
`;

/** Their examples are pasted as they stand, and so is every one in JavaScript. */
const PASTED = ['docs/guide/try-ship-operate.md', 'docs/mistakes.md'];

/** The whole program's types are read: some seconds, and many more on a busy machine. */
const LIMIT_MS = 300_000;

test(
  'every example that imports the library type-checks against it, and so does all of its TypeScript',
  async () => {
    const pages = ['README.md', 'packages/nearside/README.md', ...(await pagesIn('docs'))];
    const examples: Record<string, string> = { 'prelude.ts': PRELUDE };
    const pasted: string[] = [];
    for (const page of pages) {
      for (const [i, { example, language }] of (await examplesOf(page)).entries()) {
        if (language === 'js' && !/ from 'nearside[/']/.test(example)) continue; // of other tools
        const name = `${page}-${i + 1}.ts`;
        examples[name] = `${example}\nexport {};\n`; // each is a module
        if (language === 'js' || PASTED.includes(page)) pasted.push(name);
      }
    }
    expect(Object.keys(examples)).toContain('README.md-1.ts');
    expect(Object.keys(examples)).toContain('docs/guide/streams.md-1.ts');
    const program = typesOf(examples);
    const diagnostics = Object.keys(examples).flatMap((name) => {
      const source = program.getSourceFile(`${root}${name}`);
      return [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
    });
    expect(diagnostics.map(inWords)).toEqual([]);
    expect(pasted).toEqual(expect.arrayContaining(['README.md-1.ts', 'README.md-2.ts']));
    expect(pasted.flatMap((name) => takenForGranted(program, name))).toEqual([]);
  },
  LIMIT_MS,
);

test('every TypeScript example of the READMEs and of docs parses, also on Node 20, which knows no `using`', async () => {
  for (const file of [...(await readmes()), ...(await pagesIn('docs'))]) {
    for (const { example, language } of await examplesOf(file)) {
      if (language !== 'ts') continue;
      const { diagnostics = [] } = ts.transpileModule(example, {
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
      });
      expect(
        diagnostics.map(({ messageText }) => messageText),
        file,
      ).toEqual([]);
      expect(example, file).not.toMatch(/^\s*(?:await )?using /m);
    }
  }
});

test('every relative link of the READMEs, of the pages beside them and of docs leads to a file, and its anchor to a heading', async () => {
  const ofProject = ['CONTRIBUTING.md', 'SECURITY.md'];
  const pages = [...(await readmes()), ...ofProject, ...(await pagesIn('docs'))];
  const broken: string[] = [];
  for (const page of pages) {
    for (const link of await linksOf(page)) {
      const { pathname, hash } = new URL(link, `file:///${page}`);
      const path = decodeURI(pathname).slice(1);
      const isThere = await access(`${root}${path}`).then(
        () => true,
        () => false,
      );
      if (!isThere) broken.push(`${page}: ${link} leads to no file`);
      else if (hash && !(await anchorsOf(path)).has(decodeURIComponent(hash.slice(1))))
        broken.push(`${page}: ${link} leads to no heading`);
    }
  }
  expect(broken).toEqual([]);
});

test('README.md links to every page of the guide', async () => {
  const links = await linksOf('README.md');
  expect(links).toEqual(expect.arrayContaining(await pagesIn('docs/guide')));
});

test('README.md says what the page’s part may weigh, now and later, as its sizes are limited', async () => {
  const inKilobytes = async (name: string) => `${((await limitOf(name)) / 1000).toFixed(1)} KB`;
  const now = await inKilobytes('import { open }');
  const readme = await readFile(`${root}README.md`, 'utf8');
  expect(readme).toContain(`| at most ${now}, later ${await inKilobytes('nearside.later.js')} |`);
  expect(readme).toContain(`for ${now} on the main thread.`);
  expect(await readFile(`${root}packages/nearside/README.md`, 'utf8')).toContain(
    `A page loads at most ${now} (gzip) of it`,
  );
});

test('every other row of README.md’s sizes is what was built, to the last digit or the one beside it', async () => {
  const files = await builtFiles();
  const sizes = (wanted: (file: BuiltFile) => boolean) =>
    files.filter(wanted).map(({ gzipBytes }) => gzipBytes);
  const readme = await readFile(`${root}README.md`, 'utf8');
  const rows = [...readme.matchAll(/^\| `(\S+)`(?: worker|, for sound.*?) +\| (.+?) +\|$/gm)];
  expect(rows.map(([, name]) => name)).toEqual([...BACKENDS, 'steps.js']);
  for (const [, name, said = ''] of rows) {
    const measured = sizes((file) => file.backend === name || file.name === name);
    const stated = bytesIn(said);
    expect(stated, name).toHaveLength(measured.length);
    for (const [i, { bytes, digit }] of stated.entries())
      expect(Math.abs(bytes - (measured[i] as number)), `${name}: ${said}`).toBeLessThan(digit);
  }
  const ofDigits = sizes(({ backend }) => backend === 'tfjs-wasm');
  const first = [await limitOf('import { open }'), ...ofDigits].reduce(sum);
  expect(readme).toContain(`some ${Math.round(first / 10_000)}0 KB without the model`);
});

test('README.md says what a build has, with WebGPU and without', async () => {
  const files = await builtFiles();
  const megabytes = (some: BuiltFile[]) =>
    Math.round(some.map(({ bytes }) => bytes).reduce(sum) / 1e6);
  const withoutGpu = files.filter(({ backend }) => !backend?.endsWith('-webgpu'));
  const readme = await readFile(`${root}README.md`, 'utf8');
  expect(readme).toContain(
    `${megabytes(files)} MB before gzip; ${megabytes(withoutGpu)} MB with \`nearside/wasm\``,
  );
});

test('README.md counts the set-ups that `npm run test:consumers` tries, and those that need no setting', async () => {
  const readme = (await readFile(`${root}README.md`, 'utf8')).replace(/\s+/g, ' ');
  const unset = lanes.filter(({ line }) => line === undefined);
  expect(readme).toContain(
    `Of ${lanes.length} [tested](docs/guide/tools.md) set-ups ${unset.length} need no setting`,
  );
});

test.each([
  ['README.md', 1250],
  ['ARCHITECTURE.md', 1450],
])('%s has at most %i words', async (page, most) => {
  const text = await readFile(`${root}${page}`, 'utf8');
  expect(text.trim().split(/\s+/).length).toBeLessThanOrEqual(most);
});

test('every file and folder that ARCHITECTURE.md names is there', async () => {
  const text = await readFile(`${root}ARCHITECTURE.md`, 'utf8');
  const named = [...text.matchAll(/`([\w/.-]+(?:\.ts|\/))`/g)].map(([, name]) => name as string);
  const packages = await readdir(`${root}packages`);
  const listed = await Promise.all(
    ['scripts', ...packages.map((name) => `packages/${name}/src`)].map(listTree),
  );
  const places = listed.flat();
  const isThere = (name: string) =>
    places.some((place) => `/${place}`.includes(`/${name}`)) || existsSync(`${root}${name}`);
  expect(named).toContain('page/open.ts');
  expect(named.filter((name) => !isThere(name))).toEqual([]);
});

const BACKENDS = ['tfjs-wasm', 'onnx-wasm', 'tfjs-webgpu', 'onnx-webgpu'];

/** Bytes that a row of `.size-limit.mjs` allows. */
async function limitOf(row: string): Promise<number> {
  const limits: { name: string; limit: string }[] = (await import(`${root}.size-limit.mjs`))
    .default;
  return Number.parseInt(limits.find(({ name }) => name === row)?.limit ?? '', 10);
}

/** A row of the list of the runtime's files that the build writes. */
interface BuiltFile {
  readonly name: string;
  readonly backend?: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

async function builtFiles(): Promise<BuiltFile[]> {
  return JSON.parse(await readFile(`${root}packages/nearside/dist/assets.json`, 'utf8')).files;
}

function sum(a: number, b: number): number {
  return a + b;
}

/** Sizes that a text states, each with what its last digit counts, in bytes. */
function bytesIn(text: string): { bytes: number; digit: number }[] {
  const stated: { bytes: number; digit: number }[] = [];
  let unit = 0;
  for (const [, number = '', name] of [...text.matchAll(/([\d.]+)(?: (KB|MB))?/g)].reverse()) {
    if (name) unit = name === 'MB' ? 1e6 : 1e3;
    const decimals = number.split('.')[1]?.length ?? 0;
    stated.unshift({ bytes: Number(number) * unit, digit: unit / 10 ** decimals });
  }
  return stated;
}

/** Paths of a folder's files, from the root. */
async function listTree(folder: string): Promise<string[]> {
  if (!existsSync(`${root}${folder}`)) return []; // `packages/models` has no code
  const names = await readdir(`${root}${folder}`, { recursive: true });
  return names.map((name) => `${folder}/${name}`);
}

/** Of the project and of each package. */
async function readmes(): Promise<string[]> {
  const packages = await readdir(`${root}packages`);
  return ['README.md', ...packages.map((name) => `packages/${name}/README.md`)];
}

/** The Markdown files of a folder and of those in it, without what typedoc writes. */
async function pagesIn(folder: string): Promise<string[]> {
  const names = await readdir(`${root}${folder}`, { recursive: true });
  const pages = names.filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`);
  return pages.filter((page) => !page.startsWith('docs/reference/'));
}

/** The targets of links, those to other sites left out. */
async function linksOf(page: string): Promise<string[]> {
  const text = withoutCode(await readFile(`${root}${page}`, 'utf8'));
  const targets = [...text.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives to a page's headings. None of a folder, or of what is no Markdown. */
async function anchorsOf(path: string): Promise<Set<string>> {
  if (!path.endsWith('.md')) return new Set();
  const text = (await readFile(`${root}${path}`, 'utf8')).replace(FENCED, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = slugOf(heading);
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i += 1) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** GitHub's rule: lower case, no punctuation but `-` and `_`, and a hyphen for each space. A link is its text. */
function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation}\- ]/gu, '')
    .replaceAll(' ', '-');
}

const FENCED = /^ *```[\s\S]*?^ *```/gm;

/** What looks like a link in code is none. The text of a link may be code, and stays. */
function withoutCode(text: string): string {
  return text.replace(FENCED, '').replace(/`[^`\n]*`/g, '');
}

/** None of a page that is not there. */
async function examplesOf(page: string): Promise<{ language: string; example: string }[]> {
  const text = await readFile(`${root}${page}`, 'utf8').catch(() => '');
  const found = text.matchAll(/```(ts|js)\n([\s\S]+?)```/g);
  return [...found].map(([, language = '', example = '']) => ({ language, example }));
}

/** Names that an example uses and the prelude alone declares. */
function takenForGranted(program: ts.Program, name: string): string[] {
  const checker = program.getTypeChecker();
  const found: string[] = [];
  function visit(node: ts.Node): void {
    const { declarations = [] } =
      (ts.isIdentifier(node) && checker.getSymbolAtLocation(node)) || {};
    const isOfPrelude = declarations.some((each) =>
      each.getSourceFile().fileName.endsWith('/prelude.ts'),
    );
    if (isOfPrelude) found.push(`${name}: ${node.getText()}`);
    ts.forEachChild(node, visit);
  }
  visit(program.getSourceFile(`${root}${name}`) as ts.SourceFile);
  return found;
}

function inWords({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = file && file.getLineAndCharacterOfPosition(start).line + 1;
  const name = file?.fileName.slice(root.length);
  return `${name}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}
