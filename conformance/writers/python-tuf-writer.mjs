import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRepositoryFiles } from '../repository-files.mjs';
import { PYTHON } from '../tools/python-tuf.mjs';

const WRITER = fileURLToPath(new URL('python_tuf_writer.py', import.meta.url));

/** Repositories as python-tuf writes them, before and after an update. */
export async function writeWithPythonTuf(directory) {
  execFileSync(PYTHON, [WRITER, directory], { stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    first: await readRepositoryFiles(join(directory, 'first')),
    second: await readRepositoryFiles(join(directory, 'second')),
  };
}
