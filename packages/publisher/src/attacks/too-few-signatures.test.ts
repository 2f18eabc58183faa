import { MODEL_KEYS_FIELD, pinOf, rootPath, TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { generateKeys } from '../library/generate-keys.js';
import { signMetadata } from '../signing/tuf-signer.js';
import { editText, forge, forgeRoot, signedOf, stealKeys, strangeKey } from '../testing/forge.js';
import { openScene } from '../testing/scene.js';
import { someOf } from '../testing/some-of.js';

/** Two keys of each role, both of which must sign. */
const scene = await openScene(async (out) => {
  for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
    await generateKeys({ out, role, count: 1, threshold: 2 });
  }
});
const { tuf } = await stealKeys(scene.workspace.keys);
const { files } = scene.second;

test('two keys that must both sign do, and a device is content', async () => {
  expect(tuf.timestamp).toHaveLength(2);
  expect(await scene.update(files)).toBe('1.1.0');
});

const ROLES = ['timestamp', 'snapshot', 'targets'] as const;

describe.each(ROLES)('of two needed signatures', (role) => {
  const [key, other] = tuf[role];
  if (!key || !other) throw new Error('expected two keys');
  const forged = (signers: readonly (typeof key)[]) =>
    forge(files, role === 'timestamp' ? {} : { [role]: () => {} }, { ...tuf, [role]: signers });

  const tooFew: [string, (typeof key)[]][] = [
    ['one', [key]],
    ['one, and one by a key of another role', [key, ...tuf.root]],
    ['one, and one by a strange key', [key, strangeKey()]],
    ['one, and one that is wrong', [key, { ...other, sign: () => '0'.repeat(128) }]],
    ['one, and one that is no hex', [key, { ...other, sign: () => 'no signature at all' }]],
    ['one, and the same under the other key’s id', [key, { ...key, keyId: other.keyId }]],
  ];
  test.each(someOf(tooFew, ROLES.indexOf(role)))(
    `%s on the ${role} is threshold-not-met`,
    async (_, signers) => {
      expect(await scene.firstOpen(forged(signers))).toBe('threshold-not-met');
      expect(await scene.update(forged(signers))).toBe('threshold-not-met');
    },
  );

  test(`one, twice on the ${role} does not count twice: a file with it is malformed`, async () => {
    expect(await scene.firstOpen(forged([key, key]))).toBe('metadata-malformed');
    expect(await scene.update(forged([key, key]))).toBe('metadata-malformed');
  });

  test(`both on the ${role}, among others and in any order, are enough`, async () => {
    expect(await scene.update(forged([strangeKey(), other, key]))).toBe('1.1.0');
  });
});

test('of two needed signatures on the next root one is threshold-not-met', async () => {
  const forged = forgeRoot(files, () => {}, tuf.root.slice(0, 1));
  expect(await scene.firstOpen(forged)).toBe('threshold-not-met');
  expect(await scene.update(forged)).toBe('threshold-not-met');
});

test('a signature taken out of the timestamp on its way is missed', async () => {
  const cut = editText(files, TIMESTAMP_PATH, (text) =>
    text.replace(/"signatures":\[(\{.*?\}),.*\]/, '"signatures":[$1]'),
  );
  expect(await scene.update(cut)).toBe('threshold-not-met');
});

test('one key that root lists under two ids counts once', async () => {
  const [key] = tuf.timestamp;
  if (!key) throw new Error('expected a key');
  const root = signedOf(files, rootPath(1));
  const twin = { ...key, keyId: 'f'.repeat(64) };
  root.keys[twin.keyId] = key.key;
  root.roles.timestamp = { keyids: [key.keyId, twin.keyId], threshold: 2 };
  const first = signMetadata(root, tuf.root);
  const forged = forge(
    new Map(files).set(rootPath(1), first),
    {},
    { ...tuf, timestamp: [key, twin] },
  );
  scene.server.files = forged;
  const device = scene.device({ pin: await pinOf(first) });
  await expect(device.open()).rejects.toMatchObject({
    code: 'threshold-not-met',
    details: { threshold: 2, valid: 1 },
  });
});

test('the keys of a role sign nothing else: a model key no metadata', () => {
  const root = signedOf(files, rootPath(1));
  const modelKeys = Object.keys(root[MODEL_KEYS_FIELD] as object);
  expect(Object.keys(root.keys)).not.toEqual(expect.arrayContaining(modelKeys));
});
