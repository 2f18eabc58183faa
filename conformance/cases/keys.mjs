import { addRoot, newKey, republish, setRole, signatureOf } from '../metadata-signer.mjs';
import { currentPaths, damaged, withFiles } from '../repository-files.mjs';
import { accepted, rejected } from './case.mjs';

const COUNTS_IDS = 'it counts key ids, and trusts root to give a key one id only; we count keys';

/** Thresholds, rotations and stolen keys. */
export function keyCases({ second, keys }) {
  return [
    ...thresholdCases(second, keys),
    ...rotationCases(second, keys),
    ...theftCases(second, keys),
  ];
}

function thresholdCases(files, keys) {
  const other = newKey();
  const two = (role, change = () => {}) =>
    addRoot(files, [keys.root], (root) => {
      setRole(root, role, [keys[role], other], 2);
      change(root);
    });
  const again = (file) => {
    const { signed, signatures } = JSON.parse(file.toString());
    return Buffer.from(JSON.stringify({ signed, signatures: [...signatures, ...signatures] }));
  };
  const alias = 'cd'.repeat(32);
  const aliased = addRoot(files, [keys.root], (root) => {
    root.keys[alias] = keys.targets.public;
    root.roles.targets = { keyids: [keys.targets.id, alias], threshold: 2 };
  });
  const targets = () => {};
  const both = { ...keys, targets: [keys.targets, other] };

  return [
    accepted('threshold two, two sign', republish(two('targets'), both, { targets }), {
      signatures: 'targets',
    }),
    rejected('threshold two, one signs targets', republish(two('targets'), keys, { targets })),
    rejected('threshold two, one signs timestamp', republish(two('timestamp'), keys)),
    rejected(
      'threshold two, one signs twice',
      republish(two('targets'), keys, { targets, rewrite: { targets: again } }),
    ),
    rejected(
      'threshold two, one key under two ids',
      republish(
        aliased,
        { ...keys, targets: [keys.targets, { ...keys.targets, id: alias }] },
        { targets },
      ),
      { exceptions: { 'tuf-js': COUNTS_IDS, 'python3-tuf': COUNTS_IDS } },
    ),
    rejected(
      'threshold two, the second signature is over something else',
      republish(two('targets'), both, { targets, rewrite: { targets: staleSecond(other) } }),
    ),
    rejected('one signature listed twice', damaged(files, currentPaths(files).timestamp, again)),
    rejected(
      'a role that lists one key twice',
      addRoot(files, [keys.root], ({ roles }) => roles.targets.keyids.push(keys.targets.id)),
    ),
    rejected(
      'a threshold of zero',
      addRoot(files, [keys.root], ({ roles }) => Object.assign(roles.targets, { threshold: 0 })),
    ),
    accepted(
      'a role that lists a key which is not there',
      addRoot(files, [keys.root], ({ roles }) => roles.targets.keyids.push('ef'.repeat(32))),
    ),
  ];
}

function staleSecond(key) {
  return (file) => {
    const { signed, signatures } = JSON.parse(file.toString());
    const sig = signatureOf({ ...signed, version: signed.version + 1 }, key);
    return Buffer.from(
      JSON.stringify({ signed, signatures: [signatures[0], { keyid: key.id, sig }] }),
    );
  };
}

function rotationCases(files, keys) {
  const fresh = newKey();
  const toFresh = (root) => setRole(root, 'root', [fresh]);
  const rotate = (signers, change = toFresh) => addRoot(files, signers, change);
  const version = (number) => (root) => {
    toFresh(root);
    root.version = number;
  };
  const named2 = (added) => {
    const path = [...added.keys()].find((name) => !files.has(name));
    return withFiles(files, { 'metadata/2.root.json': added.get(path) });
  };
  const withoutTimestampKey = rotate([keys.root], (root) => setRole(root, 'timestamp', [fresh]));
  const both = [keys.root, fresh];
  return [
    rejected('root forged: signed by new keys only', rotate([fresh]), { signatures: 'root' }),
    rejected('root forged: signed by old keys only', rotate([keys.root]), { signatures: 'root' }),
    rejected('root forged: signed by nobody', rotate([]), { signatures: 'root' }),
    rejected('root that skips a version', named2(addRoot(files, both, version(3)))),
    rejected(
      'root under the next name, version of before',
      named2(
        rotate([keys.root], (root) => {
          root.version = 1;
        }),
      ),
    ),
    rejected(
      'root raises its own threshold to two, one signs',
      rotate([keys.root], (root) => setRole(root, 'root', both, 2)),
      { signatures: 'root' },
    ),
    rejected('timestamp by a key that root dropped', withoutTimestampKey),
    rejected(
      'root without a role',
      rotate([keys.root], ({ roles }) => delete roles.snapshot),
    ),
  ];
}

/** Each online key alone must not be able to do another's work. */
function theftCases(files, keys) {
  const pairs = [
    ['timestamp', 'targets'],
    ['timestamp', 'snapshot'],
    ['snapshot', 'targets'],
    ['targets', 'snapshot'],
    ['targets', 'timestamp'],
  ];
  const online = pairs.map(([stolen, role]) =>
    rejected(
      `stolen ${stolen} key signs ${role}`,
      republish(files, { ...keys, [role]: keys[stolen] }, { [role]: () => {} }),
      { signatures: role },
    ),
  );
  const root = addRoot(files, [keys.targets], (signed) => setRole(signed, 'root', [keys.targets]));
  const stranger = republish(files, { ...keys, timestamp: newKey() });
  return [
    ...online,
    rejected('stolen targets key signs root', root, { signatures: 'root' }),
    rejected('timestamp signed by a stranger', stranger, { signatures: 'timestamp' }),
  ];
}
