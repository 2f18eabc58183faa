import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { root } from '../scripts/root.mjs';

/**
 * @param {string} page from the repository's root
 * @param {string} [language] of the blocks; '' are those that name none
 * @returns {Promise<string[]>} the page's blocks of code, in their order
 */
export async function codeOf(page, language = 'js') {
  const text = await readFile(join(root, page), 'utf8');
  const blocks = text.matchAll(/^```(.*)\n([\s\S]*?)^```/gm);
  return [...blocks].filter(([, named]) => named === language).map(([, , code]) => code);
}

/**
 * The README's first file, as it stands, and what the README says that it prints.
 *
 * @param {string} url of the server that has the digits, in place of the one that the README names
 */
export async function firstFile(url) {
  const [code = ''] = await codeOf('README.md');
  const [, printed = ''] = await codeOf('README.md', '');
  const file = code.replace('http://127.0.0.1:8090/', new URL('/', url).href);
  if (file === code) throw new Error(`expected a file that opens 127.0.0.1:8090, got ${code}`);
  return { file, printed: printed.trim() };
}

/**
 * What the README says after `npm install`: its command serves a model, its first file opens it.
 *
 * @param {string} dir the packages are installed there
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ expected: string, printed: string }>} what the README says that the file prints, and what it did
 */
export async function followQuickStart(dir, env = process.env) {
  return whileServed(['try'], { dir, env }, async (open) => {
    const [url = ''] = open.match(/(?<=')http[^']*/) ?? [];
    const { file, printed: expected } = await firstFile(url);
    return { expected, printed: await runFile(dir, file, env) };
  });
}

/**
 * What somebody does with a file of one's own: one command seals it, one line opens it.
 *
 * @param {string} dir the packages are installed there, and `model.onnx` of `fixtures/make.py` lies there
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} what a run printed
 */
export async function sealOwnFile(dir, env) {
  const words = ['nearside', 'seal', 'model.onnx', '--out', 'public/models/line'];
  await promisify(execFile)('npx', words, { cwd: dir, env });
  return whileServed(['serve', 'public/models'], { dir, env }, (open) => {
    const file = `import { open } from 'nearside';
const model = await ${open};
const x = { datatype: 'FP32', shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) };
const { output, meta } = await model.run({ tensors: { x } });
console.log(output.tensors.y.shape.join(), meta.version);
await model.close();
`;
    return runFile(dir, file, env);
  });
}

/** Calls `use` with the first line that opens a model, while a command serves it. */
async function whileServed(words, { dir, env }, use) {
  const command = spawn('npx', ['nearside', ...words, '--port', '0'], {
    cwd: dir,
    env,
    detached: true,
  });
  try {
    let printed = '';
    for await (const text of command.stdout) {
      printed += text;
      if (printed.includes('open(')) break;
    }
    const open = printed.match(/open\(.*\)/)?.[0];
    if (!open) throw new Error(`expected a line that opens a model, got ${printed}`);
    return await use(open);
  } finally {
    process.kill(-(command.pid ?? 0)); // npx and what it has started
  }
}

async function runFile(dir, file, env) {
  await writeFile(join(dir, 'model.mjs'), file);
  const { stdout } = await promisify(execFile)('node', ['model.mjs'], { cwd: dir, env });
  return stripVTControlCharacters(stdout).trim();
}
