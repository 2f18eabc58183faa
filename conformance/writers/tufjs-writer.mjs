import { Metadata, Root, Signature, Snapshot, Targets, Timestamp } from '@tufjs/models';
import { describe, newKey, setRole, sha256, signatureOf } from '../metadata-signer.mjs';

/**
 * Repositories as `@tufjs/models` writes them: three roots, thresholds of two of three, a
 * delegation and fields nobody knows. Its own classes read, sign and write every file.
 *
 * @returns {{ first: RepositoryFiles, second: RepositoryFiles }} before and after an update
 *
 * @typedef {import('../repository-files.mjs').RepositoryFiles} RepositoryFiles
 */
export function writeWithTufJs() {
  const signers = {
    root: [newKey(), newKey(), newKey(), newKey()],
    targets: [newKey(), newKey(), newKey()],
    snapshot: [newKey()],
    timestamp: [newKey(), newKey()],
    delegate: [newKey()],
  };
  const first = new Map([...roots(signers), ...generation(1, signers)]);
  return { first, second: new Map([...first, ...generation(2, signers)]) };
}

const CLASSES = { root: Root, targets: Targets, snapshot: Snapshot, timestamp: Timestamp };

function header(type, version) {
  const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().replace(/\.\d+Z/, 'Z');
  const unknown = { 'x-unknown': { list: [1, 'two', null, true] } };
  return { _type: type, spec_version: '1.0.31', version, expires, ...unknown };
}

function seal(signed, signers) {
  const metadata = new Metadata(CLASSES[signed._type].fromJSON(signed));
  for (const key of signers) {
    metadata.sign(() => new Signature({ keyID: key.id, sig: signatureOf(signed, key) }));
  }
  return Buffer.from(JSON.stringify(metadata.toJSON()));
}

/** Two of three keys for root and targets; one root key is replaced, then the timestamp key. */
function roots({ root: [a, b, c, d], targets, snapshot, timestamp: [old, fresh] }) {
  const root = { ...header('root', 1), consistent_snapshot: true, keys: {}, roles: {} };
  setRole(root, 'root', [a, b, c], 2);
  setRole(root, 'targets', targets, 2);
  setRole(root, 'snapshot', snapshot);
  setRole(root, 'timestamp', [old]);
  const first = seal(root, [a, b]);

  root.version = 2;
  setRole(root, 'root', [b, c, d], 2);
  const second = seal(root, [b, c, d]);

  root.version = 3;
  setRole(root, 'timestamp', [fresh]);
  const third = seal(root, [c, d]);
  return [first, second, third].map((raw, index) => [`metadata/${index + 1}.root.json`, raw]);
}

function generation(version, signers) {
  const names = Array.from({ length: version + 1 }, (_, index) => `file${index + 1}.txt`);
  const contents = names.map((name) => [name, Buffer.from(`content of ${name}\n`)]);
  const [delegate] = signers.delegate;
  const targets = {
    ...header('targets', version),
    targets: Object.fromEntries(
      contents.map(([name, bytes]) => [name, { ...describe(bytes), custom: { model: 7 } }]),
    ),
    delegations: {
      keys: { [delegate.id]: delegate.public },
      roles: [
        {
          name: 'extra',
          keyids: [delegate.id],
          threshold: 1,
          terminating: false,
          paths: ['extra/*'],
        },
      ],
    },
  };
  const targetsFile = seal(targets, signers.targets.slice(1));
  const extra = seal({ ...header('targets', version), targets: {} }, [delegate]);
  const meta = { 'targets.json': { version, ...describe(targetsFile) }, 'extra.json': { version } };
  const snapshotFile = seal({ ...header('snapshot', version), meta }, signers.snapshot);
  const timestamp = {
    ...header('timestamp', version),
    meta: { 'snapshot.json': { version, ...describe(snapshotFile) } },
  };
  return [
    ...contents.map(([name, bytes]) => [`targets/${sha256(bytes)}.${name}`, bytes]),
    [`metadata/${version}.targets.json`, targetsFile],
    [`metadata/${version}.extra.json`, extra],
    [`metadata/${version}.snapshot.json`, snapshotFile],
    ['metadata/timestamp.json', seal(timestamp, signers.timestamp.slice(1))],
  ];
}
