import { addRoot, newKey, republish, setRole } from '../metadata-signer.mjs';
import { currentPaths, damaged, need, withFiles, withoutFile } from '../repository-files.mjs';
import { rejected } from './case.mjs';

/** Bytes that change on their way: no key is needed for any of this. */
const DAMAGES = {
  'first byte flipped': (bytes) => flip(bytes, 0),
  'middle byte flipped': (bytes) => flip(bytes, bytes.length >> 1),
  'last byte flipped': (bytes) => flip(bytes, bytes.length - 1),
  'one byte appended': (bytes) => Buffer.concat([bytes, Buffer.from('X')]),
  'last byte cut off': (bytes) => bytes.subarray(0, -1),
  emptied: () => Buffer.alloc(0),
};

/** @param {import('../good-repository.mjs').GoodRepository} good */
export function damagedCases({ first, second, keys, targets }) {
  // The timestamp key changes with the root, so that a root that does not come is noticed too.
  const fresh = { ...keys, timestamp: newKey() };
  const rotated = republish(
    addRoot(second, [keys.root], (root) => setRole(root, 'timestamp', [fresh.timestamp])),
    fresh,
  );
  const paths = currentPaths(rotated);
  const bundlePath = [...rotated.keys()].find((path) => path.endsWith(`.${targets[0]}`)) ?? '';
  const named = { ...paths, 'bundle (a target)': bundlePath };

  return [
    ...Object.entries(named).flatMap(([what, path]) => [
      ...Object.entries(DAMAGES).map(([name, damage]) =>
        rejected(`${what}: ${name}`, damaged(rotated, path, damage)),
      ),
      rejected(`${what}: missing`, withoutFile(rotated, path)),
    ]),
    ...swappedCases(rotated, paths),
    rejected('targets edited', editedTargets(second), { signatures: 'targets' }),
    rejected('targets edited, signed as new by snapshot and timestamp', coveredUp(second, keys), {
      signatures: 'targets',
    }),
    rejected('signatures of two files swapped', swappedSignatures(second), {
      signatures: 'timestamp',
    }),
    rejected('bundle of the version before', olderBundle(first, second, targets)),
  ];
}

function flip(bytes, index) {
  const copy = Buffer.from(bytes);
  copy[index] ^= 1;
  return copy;
}

function swappedCases(files, { timestamp, snapshot, targets, root }) {
  const pairs = [
    [timestamp, snapshot],
    [snapshot, targets],
    [root, timestamp],
  ];
  return pairs.map(([a, b]) => {
    const names = [a, b].map((path) => path.replace('metadata/', ''));
    const swapped = withFiles(files, { [a]: need(files, b), [b]: need(files, a) });
    return rejected(`${names.join(' and ')} swapped`, swapped);
  });
}

function editedTargets(files) {
  return damaged(files, currentPaths(files).targets, edit);
}

/** The metadata above describes the edited file, so that the stale signature alone decides. */
function coveredUp(files, keys) {
  return republish(files, keys, { rewrite: { targets: edit } });
}

function edit(bytes) {
  return Buffer.from(bytes.toString().replace('"sequence":2', '"sequence":9'));
}

function swappedSignatures(files) {
  const { timestamp, snapshot } = currentPaths(files);
  const other = JSON.parse(need(files, snapshot).toString()).signatures;
  return damaged(files, timestamp, (bytes) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(bytes.toString()), signatures: other })),
  );
}

function olderBundle(first, second, targets) {
  const pathOf = (files, name) => [...files.keys()].find((path) => path.endsWith(`.${name}`));
  return withFiles(second, {
    [pathOf(second, targets[0])]: need(first, pathOf(first, targets[1])),
  });
}
