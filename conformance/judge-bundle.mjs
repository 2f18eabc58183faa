import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { serveRepository } from '@nearside/publisher';
import { describe, republish } from './metadata-signer.mjs';
import { need, withFiles, writeRepositoryFiles } from './repository-files.mjs';
import { openDevice } from './tools/nearside.mjs';

/**
 * Shows one bundle to our device and to every tool that can see what is wrong with it. The device
 * meets it in a repository whose metadata names exactly these bytes, as a thief of all TUF keys
 * would have it, so that the bundle alone decides.
 *
 * @param {import('./cases/case.mjs').BundleCase} bundleCase
 * @param {{ good: import('./good-repository.mjs').GoodRepository, workDirectory: string,
 *   verifiers: readonly object[], publicKeyPem: string, hint: string }} tools
 */
export async function judgeBundle(
  { bundle, notVisible = {} },
  { good, workDirectory, verifiers, publicKeyPem, hint },
) {
  const dir = await mkdtemp(join(workDirectory, 'bundle-'));
  await writeRepositoryFiles(dir, offering(bundle, good), good.directory);
  const server = await serveRepository({ dir, port: 0 });
  const firstRoot = need(good.second, 'metadata/1.root.json');
  const device = await openDevice({ firstRoot, model: good.model });
  const ours = await device.visit(server.url);
  await server.close();

  const theirs = {};
  for (const verifier of verifiers) {
    if (verifier.name in notVisible) continue;
    const { digests } = good;
    theirs[verifier.name] = await verifier.judgeBundle({ bundle, publicKeyPem, hint, digests });
  }
  return { ours, earlier: [], theirs, notVisible };
}

function offering(bundle, { second, keys, targets: [newest] }) {
  const described = describe(bundle);
  const offered = republish(second, keys, {
    targets({ targets }) {
      Object.assign(targets[newest], described);
    },
  });
  return withFiles(offered, { [`targets/${described.hashes.sha256}.${newest}`]: bundle });
}
