import { existsSync } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import ts from 'typescript';
import { expect, test } from 'vitest';
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
  const limits: { name: string; limit: string }[] = (await import(`${root}.size-limit.mjs`))
    .default;
  const kilobytes = (wanted: string) => {
    const found = limits.find(({ name }) => name === wanted);
    return Math.round(Number.parseInt(found?.limit ?? '', 10) / 1024);
  };
  expect(await readFile(`${root}README.md`, 'utf8')).toContain(
    `| at most ${kilobytes('import { open }')} KB, then ${kilobytes('nearside.later.js')} KB later |`,
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
