import { bundleName, targetPath } from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';
import { type Attack, endingIn } from './attack.js';
import { offeredWith, resourcesOf } from './bundle-attacks.js';
import { forge, forgeRelease, type RepositoryFiles, type StolenKeys } from './forge.js';
import type { Story } from './story.js';

/** On names that would lead out of where they belong; a true model key signed the files. */
export function nameAttacks({ second }: Story, stolen: StolenKeys): Attack[] {
  const { files } = second;
  const name = bundleName('tiny', '1.1.0');
  const bundle = files.get(targetPath(name, second.manifestSha256)) as Uint8Array;
  const identity = { model: 'tiny', version: '1.1.0', sequence: 2 };
  const digests = new Map(resourcesOf(bundle).map(({ name, digest }) => [name, digest]));
  const custom = { ...identity, state: 'stable', requires: { format: 1 } };
  return UNSAFE_NAMES.flatMap((unsafe) => {
    const title = JSON.stringify(unsafe);
    const listing = stolen.model.sign(identity, new Map(digests).set(unsafe, 'a'.repeat(64)));
    return endingIn('name-unsafe', {
      [`a bundle that lists ${title}`]: forgeRelease(
        files,
        { name, custom, bundle: listing },
        stolen,
      ),
      [`a layout that lists ${title}`]: offeredWith(
        files,
        { digests, identity, name },
        stolen,
        (layout) => layout.replace('"MODEL.md"', title),
      ),
      [`targets that call the bundle ${title}`]: withoutTarget(
        files,
        name,
        unsafe,
        { bundle, custom },
        stolen,
      ),
    });
  });
}

const UNSAFE_NAMES = ['../x', 'a/../../x', '/etc/x', 'a\\..\\x', ''];

/** The same bundle, found under another target name. */
function withoutTarget(
  files: RepositoryFiles,
  name: string,
  unsafe: string,
  { bundle, custom }: { bundle: Uint8Array; custom: object },
  stolen: StolenKeys,
): Map<string, Uint8Array> {
  const sha256 = sha256Hex(bundle);
  const description = { length: bundle.length, hashes: { sha256 }, custom };
  const forged = forge(
    files,
    {
      targets: ({ targets }) => {
        delete targets[name];
        targets[unsafe] = description;
      },
    },
    stolen.tuf,
  );
  // Where a URL with this name leads to, so that a device that follows it finds something.
  const found = new URL(`/targets/${sha256}.${unsafe}`, 'http://localhost').pathname.slice(1);
  return forged.set(found, bundle);
}
