import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Debian's own Python, which sees Debian's packages; another one on the path may not. */
export const PYTHON = '/usr/bin/python3';

const CLIENT = fileURLToPath(new URL('python_tuf_client.py', import.meta.url));

/** The reference implementation of TUF, in one Python process for all visits. */
export async function startPythonTuf() {
  // A proxy has nothing to do with servers on this machine.
  const env = { ...process.env, NO_PROXY: '127.0.0.1' };
  const child = spawn(PYTHON, [CLIENT], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('python3-tuf: expected an answer, got the end of its process.');
    return JSON.parse(value);
  };
  const { version } = await next();
  return {
    name: 'python3-tuf',
    version,
    /** @param {{ directory: string, firstRoot: Buffer, targets: readonly string[] }} options */
    async open({ directory, firstRoot, targets }) {
      for (const folder of ['metadata', 'targets']) {
        await mkdir(join(directory, folder), { recursive: true });
      }
      await writeFile(join(directory, 'metadata', 'root.json'), firstRoot);
      return {
        /** @returns {Promise<import('./verdict.mjs').Verdict>} */
        visit(url) {
          child.stdin.write(`${JSON.stringify({ directory, url, targets })}\n`);
          return next();
        },
      };
    },
    close() {
      child.stdin.end();
    },
  };
}
