import { MODEL_KEYS_FIELD, rootPath, TIMESTAMP_PATH } from '@nearside/artifact';
import type { Attack } from './attack.js';
import {
  currentPath,
  editText,
  forge,
  forgeRoot,
  type RepositoryFiles,
  type StolenKeys,
  strangeKey,
  textOf,
} from './forge.js';
import type { Story } from './story.js';

/** On metadata, by somebody who controls the server and, where the name says so, a key. */
export function metadataAttacks({ first, second }: Story, { tuf }: StolenKeys): Attack[] {
  const { files } = second;
  const path = {
    snapshot: currentPath(files, 'snapshot'),
    targets: currentPath(files, 'targets'),
  };
  const timestampText = (edit: (text: string) => string) => editText(files, TIMESTAMP_PATH, edit);
  const timestampBytes = (bytes: Uint8Array) => new Map(files).set(TIMESTAMP_PATH, bytes);
  const old = (name: string) => first.files.get(currentPath(first.files, name as 'snapshot'));
  const nothing = () => {};

  return [
    {
      name: 'a timestamp with a later expiry than was signed',
      files: timestampText((text) => text.replace(/"expires":"20\d\d/, '"expires":"2999')),
      first: 'signature-invalid',
    },
    {
      name: 'a timestamp with a fraction, which canonical JSON has not',
      files: timestampText((text) => text.replace('"version":', '"x":1.5,"version":')),
      first: 'metadata-malformed',
    },
    {
      name: 'a root nested a hundred thousand arrays deep',
      files: new Map(files).set(rootPath(2), deeplyNested(files, 100_000)),
      first: 'metadata-malformed',
    },
    {
      name: 'a timestamp with a key twice in one object',
      files: timestampText((text) => text.replace('"version":', '"version":99,"version":')),
      first: 'metadata-malformed',
    },
    {
      name: 'a timestamp without signatures',
      files: timestampText((text) => text.replace(/"signatures":\[.*\]/, '"signatures":[]')),
      first: 'signature-invalid',
    },
    {
      name: 'a timestamp whose signatures are no list',
      files: timestampText((text) => text.replace(/"signatures":\[.*\]/, '"signatures":{}')),
      first: 'metadata-malformed',
    },
    {
      name: 'a snapshot in the place of the timestamp',
      files: timestampBytes(files.get(path.snapshot) as Uint8Array),
      first: 'metadata-malformed',
    },
    {
      name: 'a timestamp in UTF-16',
      files: timestampBytes(Buffer.from(textOf(files, TIMESTAMP_PATH), 'utf16le')),
      first: 'metadata-malformed',
    },
    ...['null', '[]', '5', '"text"', '{}', '{"signed":null,"signatures":[]}'].map((text) => ({
      name: `a timestamp that is ${text}`,
      files: timestampBytes(Buffer.from(text)),
      first: 'metadata-malformed' as const,
    })),
    {
      name: 'a strange key that signs the timestamp',
      files: forge(files, {}, { ...tuf, timestamp: [strangeKey()] }),
      first: 'signature-invalid',
    },
    {
      name: 'edited targets',
      files: editText(files, path.targets, (text) => text.replace('"stable"', '"revoked"')),
      first: 'metadata-too-large', // longer by one byte than the snapshot says
    },
    {
      name: 'edited targets of the same length',
      files: editText(files, path.targets, (text) => text.replace('"length":', '"lenGth":')),
      first: 'metadata-mix',
    },
    {
      name: 'an edited snapshot of the same length',
      files: editText(files, path.snapshot, (text) => text.replace('"meta":', '"mEta":')),
      first: 'metadata-mix',
    },
    {
      name: 'mix-and-match: the snapshot of the release before',
      files: new Map(files).set(path.snapshot, old('snapshot') as Uint8Array),
      first: 'metadata-mix',
    },
    {
      name: 'mix-and-match: the targets of the release before',
      files: new Map(files).set(path.targets, old('targets') as Uint8Array),
      first: 'metadata-mix',
    },
    {
      name: 'mix-and-match by a stolen timestamp key: an older snapshot under a newer version',
      files: forge(
        files,
        {
          timestamp: ({ meta }) => {
            meta['snapshot.json'] = { version: 3 };
          },
        },
        tuf,
      ).set('metadata/3.snapshot.json', old('snapshot') as Uint8Array),
      first: 'metadata-rollback',
    },
    {
      name: 'mix-and-match by stolen snapshot and timestamp keys: older targets under a newer version',
      files: forge(
        files,
        {
          snapshot: ({ meta }) => {
            meta['targets.json'] = { version: 3 };
          },
        },
        tuf,
      ).set('metadata/3.targets.json', old('targets') as Uint8Array),
      first: 'metadata-rollback',
    },
    {
      name: 'a stolen timestamp key that describes a snapshot nobody has',
      files: forge(
        files,
        {
          timestamp: ({ meta }) => {
            meta['snapshot.json'] = { version: 2, hashes: { sha256: '0'.repeat(64) } };
          },
        },
        tuf,
      ),
      first: 'metadata-mix',
    },
    {
      name: 'a stolen timestamp key that signs a snapshot',
      files: forge(files, { snapshot: nothing }, { ...tuf, snapshot: tuf.timestamp }),
      first: 'signature-invalid',
    },
    {
      name: 'a stolen timestamp key that signs targets, described by a stolen snapshot key',
      files: forge(files, { targets: nothing }, { ...tuf, targets: tuf.timestamp }),
      first: 'signature-invalid',
    },
    {
      name: 'a stolen timestamp key that goes back to an older snapshot',
      files: forge(
        files,
        {
          timestamp: ({ meta }) => {
            meta['snapshot.json'] = { version: 1 };
          },
        },
        tuf,
      ),
      first: '1.0.0', // a device that knows nothing newer cannot tell
    },
    {
      name: 'expired targets under a fresh snapshot and timestamp',
      files: forge(files, { targets: expire }, tuf),
      first: 'metadata-expired',
    },
    {
      name: 'an expired snapshot under a fresh timestamp',
      files: forge(files, { snapshot: expire }, tuf),
      first: 'metadata-expired',
    },
    {
      name: 'an expired timestamp',
      files: forge(files, { timestamp: expire }, tuf),
      first: 'metadata-expired',
    },
    {
      name: 'an expired next root',
      files: forgeRoot(files, expire, tuf.root),
      first: 'metadata-expired',
      heals: false,
    },
    ...rootAttacks(files, tuf),
  ];
}

function rootAttacks(files: RepositoryFiles, tuf: StolenKeys['tuf']): Attack[] {
  const thief = strangeKey();
  const takeOver: Parameters<typeof forgeRoot>[1] = ({ keys, roles }) => {
    keys[thief.keyId] = thief.key;
    roles.root = { keyids: [thief.keyId], threshold: 1 };
  };
  return [
    {
      name: 'a next root that only the new key signed',
      files: forgeRoot(files, takeOver, [thief]),
      first: 'signature-invalid',
    },
    {
      name: 'a next root that only the old key signed',
      files: forgeRoot(files, takeOver, tuf.root),
      first: 'signature-invalid',
    },
    {
      name: 'a next root that a stolen targets key signed',
      files: forgeRoot(files, () => {}, tuf.targets),
      first: 'signature-invalid',
    },
    {
      name: 'a next root that skips a version',
      files: forgeRoot(files, skipVersion, tuf.root),
      first: 'metadata-mix',
    },
    {
      name: 'the first root in the place of the next',
      files: new Map(files).set(rootPath(2), files.get(rootPath(1)) as Uint8Array),
      first: 'metadata-rollback',
    },
    {
      name: 'a next root with a threshold of zero',
      files: forgeRoot(
        files,
        ({ roles }) => {
          roles.targets.threshold = 0;
        },
        tuf.root,
      ),
      first: 'metadata-malformed',
    },
    {
      name: 'another first root',
      files: new Map(files).set(rootPath(1), rootOf(thief)),
      first: 'pin-mismatch',
      update: '1.1.0', // trusted since the installation, never asked for again
    },
  ];
}

function expire(signed: { expires: string }): void {
  signed.expires = '2020-01-01T00:00:00Z';
}

function skipVersion(signed: { version: number }): void {
  signed.version += 1;
}

function deeplyNested(files: RepositoryFiles, depth: number): Uint8Array {
  const nested = `"nested":${'['.repeat(depth)}${']'.repeat(depth)},"version":2`;
  return Buffer.from(textOf(files, rootPath(1)).replace('"version":1', nested));
}

/** A root all of whose roles are the thief's. */
function rootOf(thief: ReturnType<typeof strangeKey>): Uint8Array {
  const role = { keyids: [thief.keyId], threshold: 1 };
  const signed = {
    _type: 'root',
    spec_version: '1.0.31',
    version: 1,
    expires: '2999-01-01T00:00:00Z',
    consistent_snapshot: true,
    keys: { [thief.keyId]: thief.key },
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
    [MODEL_KEYS_FIELD]: {},
  };
  return Buffer.from(JSON.stringify({ signed, signatures: [] }));
}
