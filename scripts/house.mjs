// npm run house: how large the tree is, and what of it is out of measure. `--list` names the files and functions,
// `--json` is for tools. It changes nothing.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { root } from './root.mjs';

/** A function that is longer has two subjects, lines. */
const LONG_LINES = 100;

/** A file that is no longer, and has no more than one function, is always read with another one, lines. */
const THIN_LINES = 20;

/** Comments that begin like this have no subject: the reader has to look for it. */
const FRAGMENT = /^(?:What|Of|Whether)\b/;

const NEARSIDE = 'packages/nearside/src';

const sources = listFiles('packages').filter((file) => /\.(?:ts|tsx)$/.test(file) && !isTest(file));
const parsed = sources.map((file) => parse(file));
const ofPackages = parsed.filter(({ file }) => /^packages\/[^/]+\/src\//.test(file));
const shipped = parsed.filter(({ file }) => !file.includes('/testing/'));
const long = shipped.flatMap((source) =>
  source.functions.filter(({ lines }) => lines > LONG_LINES),
);
const thin = shipped.filter(({ lines, functions }) => lines <= THIN_LINES && functions.length <= 1);
const fragments = parsed.flatMap((source) => source.fragments);

const house = {
  'files of packages/nearside/src': shipped.filter(({ file }) => file.startsWith(`${NEARSIDE}/`))
    .length,
  'entries at its top': readdirSync(`${root}${NEARSIDE}`).length,
  [`functions over ${LONG_LINES} lines`]: long.length,
  [`files of ${THIN_LINES} lines and less with one function at most`]: thin.length,
  'lines of packages/*/src': ofPackages.reduce((sum, { lines }) => sum + lines, 0),
  'comments without a subject': fragments.length,
  'words of ARCHITECTURE.md': wordsOf('ARCHITECTURE.md'),
  'words of README.md': wordsOf('README.md'),
};

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ...house, long, thin: thin.map(({ file }) => file), fragments }));
} else {
  if (process.argv.includes('--list')) list();
  for (const [name, value] of Object.entries(house)) {
    console.log(`${String(value).padStart(7)}  ${name}`);
  }
}

function list() {
  for (const { at, name, lines } of long) console.log(`${lines} lines: ${name}, ${at}`);
  for (const { file, lines } of thin) console.log(`thin: ${file}, ${lines}`);
  for (const { at, text } of fragments) console.log(`${at}: ${text}`);
}

/** @returns {string[]} tracked files, from the root */
function listFiles(folder) {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', folder];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 });
  const deleted = execFileSync('git', ['ls-files', '--deleted', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const gone = new Set(deleted.split('\n'));
  return listed.split('\n').filter((file) => file !== '' && !gone.has(file));
}

function isTest(file) {
  return /\.test\.tsx?$/.test(file);
}

function parse(file) {
  const text = readFileSync(`${root}${file}`, 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line;
  const functions = [];
  visit(source);
  return { file, lines: lineAt(text.length), functions, fragments: fragmentsOf(file, text) };

  function visit(node) {
    if (ts.isFunctionLike(node) && node.body) {
      const first = lineAt(node.getStart());
      const lines = lineAt(node.end) - first + 1;
      const name = (node.name ?? node.parent.name)?.getText() ?? 'a function without a name';
      functions.push({ at: `${file}:${first + 1}`, name, lines });
    }
    ts.forEachChild(node, visit);
  }
}

function fragmentsOf(file, text) {
  const found = [];
  for (const [i, line] of text.split('\n').entries()) {
    const [, words] = /(?:\/\*\*?|\/\/) (.*)$/.exec(line) ?? [];
    const [, first] = /^\s*\* (.*)$/.exec(line) ?? [];
    const begins = words ?? (/\/\*\*\s*$/.test(text.split('\n')[i - 1] ?? '') ? first : undefined);
    if (begins !== undefined && FRAGMENT.test(begins))
      found.push({ at: `${file}:${i + 1}`, text: begins });
  }
  return found;
}

function wordsOf(file) {
  return readFileSync(`${root}${file}`, 'utf8').split(/\s+/).filter(Boolean).length;
}
