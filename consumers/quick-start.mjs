import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { root } from '../scripts/root.mjs';

/** @returns {Promise<string[]>} each file that the README has its readers write, in their order */
export async function filesOfReadme() {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  return [...readme.matchAll(/```js\n([^`]*)```/g)].map(([, file]) => file);
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
    const [first = ''] = await filesOfReadme();
    const file = first.replace(/open\('http.*\)(?=;)/, open);
    if (!file.includes(open)) throw new Error(`expected a file with an open(…) line, got ${first}`);
    await writeFile(join(dir, 'digits.mjs'), file);
    const { stdout } = await promisify(execFile)('node', ['digits.mjs'], { cwd: dir });
    return stripVTControlCharacters(stdout).trim();
  } finally {
    process.kill(-(command.pid ?? 0)); // npx and what it has started
  }
}
