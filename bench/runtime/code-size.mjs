import { execFileSync } from 'node:child_process';
import { root } from '../../scripts/root.mjs';
import { row } from '../row.mjs';

/** Rows by the order of `.size-limit.mjs`, whose bundles and limits they are. */
const NAMES = ['main-js-gzip-bytes', 'worker-js-gzip-bytes'];

/** What a page loads of the library before its first inference, and a worker beside its runtime. */
export function measureCodeSize() {
  const bin = `${root}node_modules/size-limit/bin.js`;
  let json;
  try {
    json = execFileSync(process.execPath, [bin, '--json'], { cwd: root, encoding: 'utf8' });
  } catch ({ stdout }) {
    json = stdout; // over a limit: its row says so
  }
  return JSON.parse(json).map(({ size, sizeLimit }, i) =>
    row(NAMES[i], { value: size, unit: 'bytes', atMost: sizeLimit }),
  );
}
