import { execFileSync } from 'node:child_process';
import { root } from '../../scripts/root.mjs';
import { row } from '../row.mjs';

/** Rows by the name in `.size-limit.mjs`, whose bundle and limit each has. */
const ROWS = {
  'import { open }': 'main-js-gzip-bytes',
  'import { serve }': 'worker-js-gzip-bytes',
};

/** What a page loads of the library before its first inference, and a worker beside its runtime. */
export function measureCodeSize() {
  const bin = `${root}node_modules/size-limit/bin.js`;
  let json;
  try {
    json = execFileSync(process.execPath, [bin, '--json'], { cwd: root, encoding: 'utf8' });
  } catch ({ stdout }) {
    json = stdout; // over a limit: its row says so
  }
  return JSON.parse(json)
    .filter(({ name }) => Object.hasOwn(ROWS, name))
    .map(({ name, size, sizeLimit }) =>
      row(ROWS[name], { value: size, unit: 'bytes', atMost: sizeLimit }),
    );
}
