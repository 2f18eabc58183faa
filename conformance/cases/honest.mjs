import {
  addRoot,
  describeTwice,
  newKey,
  republish,
  setRole,
  sha256,
  sha512,
  signMetadata,
} from '../metadata-signer.mjs';
import { currentPaths, damaged, need, withFiles } from '../repository-files.mjs';
import { accepted, addMember, expires, INHERITED, LONG_AGO } from './case.mjs';
import { bundleOf } from './edit-bundle.mjs';

/** What must be accepted, so that refusing everything is no way to pass. */
export function honestCases({ first, second, keys, targets: [newest] }) {
  const [newRoot, newTargets, third] = [newKey(), newKey(), newKey()];
  const renewed = republish(second, keys);
  const rotated = addRoot(second, [keys.root, newRoot], (root) => setRole(root, 'root', [newRoot]));
  const twice = addRoot(rotated, [newRoot, keys.root], (root) => {
    setRole(root, 'root', [keys.root]);
    setRole(root, 'targets', [keys.targets, newTargets, third], 2);
  });
  const twoOfThree = republish(
    twice,
    { ...keys, targets: [newTargets, third] },
    { targets: () => {} },
  );
  const sha512Alone = republish(second, keys, {
    targets() {},
    describeAs: (file) => ({ hashes: { sha512: sha512(file) } }),
  });

  return [
    accepted('one version published', first, { signatures: 'targets' }),
    accepted('a second version published', [first, second], { signatures: 'targets' }),
    accepted('nothing new', [second, second], { signatures: 'timestamp' }),
    accepted('timestamp renewed', [second, renewed], { signatures: 'timestamp' }),
    accepted('root rotated', [second, rotated], { signatures: 'root' }),
    accepted('root rotated twice, two of three targets keys', twoOfThree),
    accepted('first root expired, second valid', expiredFirstRoot(second, keys)),
    accepted('fast-forwarded versions, then keys rotated', fastForward(second, keys)),
    accepted('unknown fields everywhere', unknownFields(second, keys)),
    accepted('no lengths and hashes of metadata', withoutDescriptions(second, keys)),
    accepted('white space around signed content', indented(second), { signatures: 'timestamp' }),
    accepted('a signature by an unknown key beside', strangerSigned(second)),
    accepted('members named as JavaScript’s own in what is signed', inheritedNames(second, keys)),
    accepted('a target in a folder', inFolder(second, keys, newest), {
      targets: [`a/folder/${newest}`],
    }),
    accepted('SHA-512 beside SHA-256 everywhere', bothHashes(second, keys, newest)),
    accepted('SHA-512 alone of metadata', sha512Alone),
  ];
}

/** Only the last root's expiry counts. The first keeps its bytes, so the pin still holds. */
function expiredFirstRoot(files, keys) {
  const { signed } = JSON.parse(need(files, 'metadata/1.root.json').toString());
  signed.expires = LONG_AGO;
  const expired = withFiles(files, { 'metadata/1.root.json': signMetadata(signed, [keys.root]) });
  return addRoot(expired, [keys.root], expires('2099-01-01T00:00:00Z'));
}

/** A thief drove the versions up; new keys lead back (TUF 1.0, section 5.3.11). */
function fastForward(files, keys) {
  const skip = (signed) => {
    signed.version += 1_000_000;
  };
  const stolen = republish(files, keys, { snapshot: skip, timestamp: skip });
  const fresh = { ...keys, timestamp: newKey(), snapshot: newKey() };
  const recovered = addRoot(files, [keys.root], (root) => {
    setRole(root, 'timestamp', [fresh.timestamp]);
    setRole(root, 'snapshot', [fresh.snapshot]);
  });
  return [stolen, republish(recovered, fresh, { snapshot: () => {} })];
}

function unknownFields(files, keys) {
  const add = (signed) => {
    signed['x-new'] = { nested: [1, 'two', null, true] };
  };
  const rooted = addRoot(files, [keys.root], (root) => {
    add(root);
    add(root.roles.targets);
    add(Object.values(root.keys)[0]);
  });
  const meta = (name) => (signed) => {
    add(signed);
    add(signed.meta[name]);
  };
  const envelope = (file) => Buffer.from(`{"x-new":1,${file.toString().slice(1)}`);
  return republish(rooted, keys, {
    targets(signed) {
      add(signed);
      for (const target of Object.values(signed.targets)) add(target);
    },
    snapshot: meta('targets.json'),
    timestamp: meta('snapshot.json'),
    rewrite: { targets: envelope, snapshot: envelope, timestamp: envelope },
  });
}

/** Both are optional in snapshot and timestamp (sections 4.4 and 4.6). */
function withoutDescriptions(files, keys) {
  const bare = (signed) => {
    signed.meta = Object.fromEntries(
      Object.entries(signed.meta).map(([name, { version }]) => [name, { version }]),
    );
  };
  return republish(files, keys, { targets: () => {}, snapshot: bare, timestamp: bare });
}

/** Only the canonical form is signed; nothing gives the timestamp's length. */
function indented(files) {
  const spread = (file) => Buffer.from(`${JSON.stringify(JSON.parse(file.toString()), null, 2)}\n`);
  return damaged(files, 'metadata/timestamp.json', spread);
}

function strangerSigned(files) {
  const stranger = { keyid: 'ab'.repeat(32), sig: '12'.repeat(64) };
  return damaged(files, currentPaths(files).timestamp, (file) => {
    const { signed, signatures } = JSON.parse(file.toString());
    return Buffer.from(JSON.stringify({ signed, signatures: [stranger, ...signatures] }));
  });
}

function inheritedNames(files, keys) {
  const add = (signed) => {
    for (const name of INHERITED) addMember(signed, name, { nested: [name] });
  };
  const rooted = addRoot(files, [keys.root], add);
  return republish(rooted, keys, { targets: add, snapshot: add, timestamp: add });
}

/** With consistent snapshots the hash stands before the last part of the name (section 5.7.3). */
function inFolder(files, keys, newest) {
  const bundle = bundleOf(files, newest);
  const moved = republish(files, keys, {
    targets({ targets }) {
      targets[`a/folder/${newest}`] = targets[newest];
      delete targets[newest];
    },
  });
  return withFiles(moved, { [`targets/a/folder/${sha256(bundle)}.${newest}`]: bundle });
}

function bothHashes(files, keys, newest) {
  return republish(files, keys, {
    describeAs: describeTwice,
    targets({ targets }) {
      Object.assign(targets[newest], describeTwice(bundleOf(files, newest)));
    },
  });
}
