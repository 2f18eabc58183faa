import { currentPaths, damaged, withoutFile } from '../repository-files.mjs';
import { accepted, rejected } from './case.mjs';

/** Repositories that are not ours: three roots, two-of-three thresholds, a delegation. */
export function foreignCases({ first, second }) {
  const edited = damaged(first, currentPaths(first).targets, (bytes) =>
    Buffer.from(bytes.toString().replace('file1', 'file9')),
  );
  return [
    accepted('three roots, two of three keys, a delegation', first),
    accepted('an update', [first, second]),
    rejected('the same, backwards', [second, first]),
    rejected('targets edited', edited),
    rejected('last root withheld', withoutFile(second, 'metadata/3.root.json')),
  ];
}
