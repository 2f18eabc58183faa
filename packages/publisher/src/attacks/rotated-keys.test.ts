import { bootPath, bundleName, MODEL_KEYS_FIELD, targetPath } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import {
  forge,
  forgeRelease,
  forgeRoot,
  type RepositoryFiles,
  type Signed,
  stealKeys,
  strangeKey,
  strangeModelKey,
  textOf,
} from '../testing/forge.js';
import { openScene, outcomeOf, withFile } from '../testing/scene.js';

const scene = await openScene();
const stolen = await stealKeys(scene.workspace.keys);
const { tuf } = stolen;
const { files, boot } = scene.second;
const NOT_HEALED = { heals: false } as const;

/** A root that gives a role to a new key, as its publisher would sign it. */
function rotated(role: keyof typeof tuf, before: RepositoryFiles = files) {
  const key = strangeKey();
  const change = ({ keys, roles }: Signed) => {
    keys[key.keyId] = key.key;
    roles[role] = { keyids: [key.keyId], threshold: 1 };
  };
  const signers = role === 'root' ? [...tuf.root, key] : tuf.root;
  return { key, files: forgeRoot(before, change, signers) };
}

describe('a good rotation', () => {
  test.each(['root', 'targets', 'snapshot', 'timestamp'] as const)(
    'of the %s key is followed by new devices and old ones',
    async (role) => {
      const { key, files: rooted } = rotated(role);
      const change = () => {};
      const signed = forge(
        rooted,
        { targets: change, snapshot: change },
        { ...tuf, [role]: [key] },
      );
      expect(await scene.firstOpen(signed, NOT_HEALED)).toBe('1.1.0');
      expect(await scene.update(signed, NOT_HEALED)).toBe('1.1.0');
    },
  );

  test('of the timestamp key undoes what a thief of the old one fast-forwarded', async () => {
    const store = await scene.installed();
    scene.server.files = forge(files, { timestamp: fastForward }, tuf);
    expect(await outcomeOf(scene, () => updated(store))).toBe('1.1.0');
    scene.server.files = files;
    expect(await outcomeOf(scene, () => updated(store))).toBe('metadata-rollback');
    const { key, files: rooted } = rotated('timestamp');
    scene.server.files = forge(rooted, {}, { ...tuf, timestamp: [key] });
    expect(await outcomeOf(scene, () => updated(store))).toBe('1.1.0');
  });
});

describe('after a rotation', () => {
  test.each(['targets', 'snapshot', 'timestamp'] as const)(
    'the old %s key signs nothing that is believed',
    async (role) => {
      const { files: rooted } = rotated(role);
      const change = () => {};
      const signed = forge(rooted, { targets: change, snapshot: change }, tuf);
      expect(await scene.firstOpen(signed, NOT_HEALED)).toBe('signature-invalid');
      expect(await scene.update(signed, NOT_HEALED)).toBe('signature-invalid');
    },
  );

  test('the old root key cannot make another', async () => {
    const { files: rooted } = rotated('root');
    const third = forgeRoot(rooted, () => {}, tuf.root);
    expect(await scene.firstOpen(third, NOT_HEALED)).toBe('signature-invalid');
    expect(await scene.update(third, NOT_HEALED)).toBe('signature-invalid');
  });

  test('a device may follow many roots at once, but not without end', async () => {
    let many: RepositoryFiles = files;
    for (let i = 0; i < 20; i += 1) many = forgeRoot(many, () => {}, tuf.root);
    expect(await scene.update(many, NOT_HEALED)).toBe('1.1.0');
    for (let i = 20; i < 260; i += 1) many = forgeRoot(many, () => {}, tuf.root);
    expect(await scene.update(many, NOT_HEALED)).toBe('metadata-too-large');
  });
});

describe('a model key that root no longer names', () => {
  const fresh = strangeModelKey();
  const withoutOldKey = forgeRoot(
    files,
    (root) => {
      root[MODEL_KEYS_FIELD] = { [fresh.hint]: fresh.publicKeyPem };
    },
    tuf.root,
  );

  test('signed nothing that a first open would take', async () => {
    expect(await scene.firstOpen(withoutOldKey, NOT_HEALED)).toBe('model-key-unknown');
  });

  test('is not hidden by a boot file from before', async () => {
    const files = withFile(withoutOldKey, bootPath('tiny'), boot);
    expect(await scene.firstOpen(files, NOT_HEALED)).toBe('model-key-unknown');
  });

  test('takes an installed version from its device at the next look, and a new key brings one', async () => {
    const store = await scene.installed();
    scene.server.files = withoutOldKey;
    expect(await outcomeOf(scene, () => updated(store))).toBe('model-key-unknown');
    expect(await outcomeOf(scene, () => scene.device({ store }).open())).toBe('model-key-unknown');
    scene.server.files = resigned(withoutOldKey);
    expect(await outcomeOf(scene, () => updated(store))).toBe('1.1.0');
  });

  test('does not keep a version signed by the new key from being a delta away', async () => {
    const store = await scene.installed();
    scene.server.files = resigned(withoutOldKey, { deltasFrom: [1] });
    expect(await outcomeOf(scene, () => updated(store))).toBe('1.1.0');
  });

  /** 1.1.0, signed anew by the fresh key. */
  function resigned(before: RepositoryFiles, more: object = {}): RepositoryFiles {
    const name = bundleName('tiny', '1.1.0');
    const old = JSON.parse(textOf(files, targetPath(name, scene.second.manifestSha256)));
    const statement = JSON.parse(Buffer.from(old.dsseEnvelope.payload, 'base64').toString());
    const resources: { name: string; digest: string }[] = statement.predicate.resources;
    const identity = { model: 'tiny', version: '1.1.0', sequence: 2 };
    const digests = new Map(resources.map(({ name, digest }) => [name, digest]));
    const custom = { ...identity, state: 'stable', requires: { format: 1 }, ...more };
    const bundle = fresh.sign(identity, digests);
    return forgeRelease(before, { name, bundle, custom }, stolen);
  }
});

function fastForward(signed: Signed): void {
  signed.version = 9999;
}

/** What a device with this store runs after it has looked for an update. */
async function updated(store: Awaited<ReturnType<typeof scene.installed>>) {
  const device = scene.device({ store });
  return (await device.update()) ?? device.open();
}
