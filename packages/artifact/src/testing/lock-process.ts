import { randomUUID } from 'node:crypto';
import { promises } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { takeFileLock } from '../stores/file-lock.js';

/** Options of a process that takes a lock: `node <this, bundled> <options as JSON>`. */
export interface LockProcessOptions {
  readonly file: string;
  /** It takes and releases the lock so often. */
  readonly times: number;
  /** It writes a word of its own here while it holds the lock, and checks that it stays. */
  readonly inside: string;
  /** It is killed at the last of these times, holding the lock. */
  readonly dies?: boolean;
  /** It is killed before its nth operation on files. */
  readonly killAt?: number;
}

const options: LockProcessOptions = JSON.parse(process.argv[2] ?? '{}');
if (options.killAt !== undefined) killAt(options.killAt);
/** No process number: in containers several processes may have the same. */
const own = randomUUID();
for (let time = 1; time <= options.times; time += 1) {
  const release = await takeFileLock(options.file);
  await writeFile(options.inside, own);
  await new Promise((resolve) => setImmediate(resolve));
  const found = await readFile(options.inside, 'utf8');
  if (found !== own) console.log(`not alone, but with ${found}`);
  if (options.dies && time === options.times) {
    process.kill(process.pid, 'SIGKILL');
    process.exit(); // the first process of a PID namespace cannot kill itself
  }
  await release();
}
console.log('done');

function killAt(operation: number): void {
  let operations = 0;
  const counted = <Name extends 'writeFile' | 'link' | 'rm'>(name: Name) => {
    const original = promises[name] as (...parameters: unknown[]) => Promise<void>;
    Object.assign(promises, {
      [name]: (...parameters: unknown[]) => {
        if (operations === operation) process.kill(process.pid, 'SIGKILL');
        operations += 1;
        return original(...parameters);
      },
    });
  };
  for (const name of ['writeFile', 'link', 'rm'] as const) counted(name);
  syncBuiltinESMExports();
}
