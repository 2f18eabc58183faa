import { MODEL_KEYS_FIELD, rootPath, TIMESTAMP_PATH } from '@nearside/artifact';
import { type Attack, endingIn } from './attack.js';
import {
  currentPath,
  editText,
  forge,
  forgeRoot,
  type RepositoryFiles,
  type Signed,
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
  const old = (role: 'snapshot' | 'targets') =>
    first.files.get(currentPath(first.files, role)) as Uint8Array;
  const put = (where: string, bytes: Uint8Array) => new Map(files).set(where, bytes);
  const replaced = (where: string, from: string | RegExp, to: string) =>
    editText(files, where, (text) => text.replace(from, to));
  const timestampWith = (from: string | RegExp, to: string) => replaced(TIMESTAMP_PATH, from, to);
  const asTimestamp = (bytes: Uint8Array) => put(TIMESTAMP_PATH, bytes);
  const namingSnapshot = (snapshot: Signed['meta'][string]) =>
    forge(
      files,
      { timestamp: ({ meta }) => Object.assign(meta, { 'snapshot.json': snapshot }) },
      tuf,
    );
  const nothing = () => {};
  const thief = strangeKey();
  const takeOver = ({ keys, roles }: Signed) => {
    keys[thief.keyId] = thief.key;
    roles.root = { keyids: [thief.keyId], threshold: 1 };
  };

  return [
    ...endingIn('metadata-malformed', {
      'a timestamp with a fraction, which canonical JSON has not': timestampWith(
        '"version":',
        '"x":1.5,"version":',
      ),
      'a timestamp with a key twice in one object': timestampWith(
        '"version":',
        '"version":99,"version":',
      ),
      'a timestamp whose signatures are no list': timestampWith(SIGNATURES, '"signatures":{}'),
      'a snapshot in the place of the timestamp': asTimestamp(
        files.get(path.snapshot) as Uint8Array,
      ),
      'a timestamp in UTF-16': asTimestamp(Buffer.from(textOf(files, TIMESTAMP_PATH), 'utf16le')),
      'a root nested a hundred thousand arrays deep': put(
        rootPath(2),
        deeplyNested(files, 100_000),
      ),
      'a next root with a threshold of zero': forgeRoot(
        files,
        ({ roles }) => Object.assign(roles.targets, { threshold: 0 }),
        tuf.root,
      ),
    }),
    ...['null', '[]', '5', '"text"', '{}', '{"signed":null,"signatures":[]}'].flatMap((text) =>
      endingIn('metadata-malformed', {
        [`a timestamp that is ${text}`]: asTimestamp(Buffer.from(text)),
      }),
    ),
    ...endingIn('signature-invalid', {
      'a timestamp with a later expiry than was signed': timestampWith(
        /"expires":"20\d\d/,
        '"expires":"2999',
      ),
      'a timestamp without signatures': timestampWith(SIGNATURES, '"signatures":[]'),
      'a strange key that signs the timestamp': forge(
        files,
        {},
        { ...tuf, timestamp: [strangeKey()] },
      ),
      'a stolen timestamp key that signs a snapshot': forge(
        files,
        { snapshot: nothing },
        { ...tuf, snapshot: tuf.timestamp },
      ),
      'a stolen timestamp key that signs targets, described by a stolen snapshot key': forge(
        files,
        { targets: nothing },
        { ...tuf, targets: tuf.timestamp },
      ),
      'a next root that only the new key signed': forgeRoot(files, takeOver, [thief]),
      'a next root that only the old key signed': forgeRoot(files, takeOver, tuf.root),
      'a next root that a stolen targets key signed': forgeRoot(files, nothing, tuf.targets),
    }),
    ...endingIn('metadata-too-large', {
      // longer by one byte than the snapshot says
      'edited targets': replaced(path.targets, '"stable"', '"revoked"'),
    }),
    ...endingIn('metadata-mix', {
      'edited targets of the same length': replaced(path.targets, '"length":', '"lenGth":'),
      'an edited snapshot of the same length': replaced(path.snapshot, '"meta":', '"mEta":'),
      'mix-and-match: the snapshot of the release before': put(path.snapshot, old('snapshot')),
      'mix-and-match: the targets of the release before': put(path.targets, old('targets')),
      'a stolen timestamp key that describes a snapshot nobody has': namingSnapshot({
        version: 2,
        hashes: { sha256: '0'.repeat(64) },
      }),
      'a next root that skips a version': forgeRoot(files, skipVersion, tuf.root),
    }),
    ...endingIn('metadata-rollback', {
      'mix-and-match by a stolen timestamp key: an older snapshot under a newer version':
        namingSnapshot({ version: 3 }).set('metadata/3.snapshot.json', old('snapshot')),
      'mix-and-match by stolen snapshot and timestamp keys: older targets under a newer version':
        forge(
          files,
          { snapshot: ({ meta }) => Object.assign(meta, { 'targets.json': { version: 3 } }) },
          tuf,
        ).set('metadata/3.targets.json', old('targets')),
      'the first root in the place of the next': put(
        rootPath(2),
        files.get(rootPath(1)) as Uint8Array,
      ),
    }),
    ...endingIn('1.0.0', {
      // a device that knows nothing newer cannot tell
      'a stolen timestamp key that goes back to an older snapshot': namingSnapshot({ version: 1 }),
    }),
    ...endingIn('metadata-expired', {
      'expired targets under a fresh snapshot and timestamp': forge(
        files,
        { targets: expire },
        tuf,
      ),
      'an expired snapshot under a fresh timestamp': forge(files, { snapshot: expire }, tuf),
      'an expired timestamp': forge(files, { timestamp: expire }, tuf),
    }),
    ...endingIn(
      'metadata-expired',
      { 'an expired next root': forgeRoot(files, expire, tuf.root) },
      { heals: false },
    ),
    ...endingIn(
      'pin-mismatch',
      { 'another first root': put(rootPath(1), rootOf(thief)) },
      { update: '1.1.0' }, // trusted since the installation, never asked for again
    ),
  ];
}

const SIGNATURES = /"signatures":\[.*\]/;

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
