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
 * What the README says after `npm install`: its command serves a model, its first file opens it.
 *
 * @param {string} dir the packages are installed there
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string>} what the file printed
 */
export async function followQuickStart(dir, env = process.env) {
  const command = spawn('npx', ['nearside', 'try', '--port', '0'], {
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
    const [first = ''] = await codeOf('README.md');
    const file = first.replace(/open\('http.*\)(?=;)/, open);
    if (!file.includes(open)) throw new Error(`expected a file with an open(…) line, got ${first}`);
    await writeFile(join(dir, 'digits.mjs'), file);
    const { stdout } = await promisify(execFile)('node', ['digits.mjs'], { cwd: dir });
    return stripVTControlCharacters(stdout).trim();
  } finally {
    process.kill(-(command.pid ?? 0)); // npx and what it has started
  }
}
