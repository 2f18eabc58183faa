import {
  askFirstFile,
  bootPath,
  parseBootFile,
  parseModelAddress,
  readHint,
} from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import type { Attack } from '../testing/attack.js';
import { bundleAttacks } from '../testing/bundle-attacks.js';
import { DAMAGES, flip } from '../testing/damages.js';
import { stealKeys } from '../testing/forge.js';
import { metadataAttacks } from '../testing/metadata-attacks.js';
import { nameAttacks } from '../testing/name-attacks.js';
import { bootOf, openScene, withFile } from '../testing/scene.js';
import { someOf } from '../testing/some-of.js';
import { tellStory } from '../testing/story.js';

const scene = await openScene();
const stolen = await stealKeys(scene.workspace.keys);
const { files, boot } = scene.second;
const path = bootPath('tiny');
const other = await tellStory();
const onMetadata = metadataAttacks(scene, stolen);
const onContent: Attack[] = [...bundleAttacks(scene, stolen), ...nameAttacks(scene, stolen)];
const NOT_HEALED = { heals: false } as const;

test('a true boot file spares a device the walk before the first chunk', async () => {
  scene.server.requests.length = 0;
  expect(await scene.firstOpen(withFile(files, path, boot), NOT_HEALED)).toBe('1.1.0');
  expect(scene.server.requests[0]).toBe(path);
});

describe('a true boot file before a repository under attack gives right files, or the same code', () => {
  for (const attack of someOf([...onMetadata, ...onContent])) {
    test(`${attack.name}: 1.1.0 or ${attack.first}`, async () => {
      const attacked = withFile(attack.files, path, boot);
      const outcome = await scene.firstOpen(attacked, NOT_HEALED);
      expect(['1.1.0', attack.first]).toContain(outcome);
    });
  }

  test('any file damaged: right files, or a code', async () => {
    for (const [name, bytes] of someOf(files)) {
      const damaged = withFile(withFile(files, path, boot), name, flip(bytes, 3));
      await scene.firstOpen(damaged, NOT_HEALED); // throws what is neither
    }
  });
});

describe('a boot file under attack before a true repository changes nothing but time', () => {
  const expectUnchanged = async (attacked: Uint8Array, heals = true) => {
    expect(await scene.firstOpen(withFile(files, path, attacked), { heals })).toBe('1.1.0');
  };

  for (const { name, files } of someOf(onMetadata, 1)) {
    test(name, () => expectUnchanged(bootOf(files)));
  }

  for (const { name, files } of someOf(onContent, 1)) {
    test(name, () => expectUnchanged(bootOf(files), false));
  }

  test.each(Object.entries(DAMAGES))('%s', (_, damage) => expectUnchanged(damage(boot)));

  test.each([
    ['of another repository', other.second.boot],
    ['of everything in another repository', bootOf(other.second.files)],
    ['of nothing', bootOf(new Map())],
    ['of another format', Buffer.from('{"format":2,"files":{}}')],
    ['that is no base64', Buffer.from('{"format":1,"files":{"metadata/1.root.json":"%"}}')],
    ['with names that lead elsewhere', bootOf(new Map([['../../chunks/x', new Uint8Array(3)]]))],
    ['that is null', Buffer.from('null')],
  ])('a boot file %s', (_, attacked) => expectUnchanged(attacked));

  test('any one file in it damaged, missing or empty', async () => {
    const entries = parseBootFile(boot);
    for (const [name, bytes] of someOf(entries)) {
      const without = new Map(entries);
      without.delete(name);
      await expectUnchanged(bootOf(without), false);
      await expectUnchanged(bootOf(withFile(entries, name, flip(bytes, bytes.length >> 1))), false);
      await expectUnchanged(bootOf(withFile(entries, name, new Uint8Array())), false);
    }
  });
});

describe('a boot file that the page has asked for', () => {
  const handed = async (raw: Uint8Array | undefined) => {
    scene.server.files = files;
    scene.server.requests.length = 0;
    const device = scene.device({ boot: { raw: raw && new Uint8Array(raw) } });
    return (await device.install()).release.version;
  };

  test('is the answer of the repository, and spares the device its own request', async () => {
    scene.server.files = withFile(files, path, boot);
    const address = parseModelAddress(`${scene.server.url}/tiny`);
    const { signal } = new AbortController();
    const answer = await askFirstFile(address, {
      sealSha256: undefined,
      request: undefined,
      signal,
    });
    expect(answer?.raw).toEqual(new Uint8Array(boot));
    expect(await handed(answer?.raw)).toBe('1.1.0');
    expect(scene.server.requests).not.toContain(path);
  });

  test('is not asked for again where there is none', async () => {
    scene.server.files = files;
    const address = parseModelAddress(`${scene.server.url}/tiny`);
    const { signal } = new AbortController();
    expect(
      await askFirstFile(address, { sealSha256: undefined, request: undefined, signal }),
    ).toEqual({
      raw: undefined,
    });
    expect(await handed(undefined)).toBe('1.1.0');
    expect(scene.server.requests).not.toContain(path);
  });

  test('is verified as one that the device has asked for', async () => {
    for (const attack of someOf(onMetadata, 2))
      expect(await handed(bootOf(attack.files))).toBe('1.1.0');
    for (const damage of Object.values(DAMAGES)) expect(await handed(damage(boot))).toBe('1.1.0');
  });

  test('shows the runtimes of its version, and nothing where it cannot be read', () => {
    expect(readHint(boot, 'tiny')?.requires.runtime).toEqual(['onnx', 'tfjs']);
    expect(readHint(boot, 'another')).toBeUndefined();
    for (const text of ['null', '{}', '{"files":{"metadata/1.targets.json":"%"}}', 'no JSON']) {
      expect(readHint(Buffer.from(text), 'tiny')).toBeUndefined();
    }
    for (const attack of onMetadata) readHint(bootOf(attack.files), 'tiny');
  });
});

test('an old boot file brings the newest version with the next look at the latest', async () => {
  const outcome = await scene.firstOpen(withFile(files, path, scene.first.boot));
  expect(['1.0.0', '1.1.0']).toContain(outcome);
});
