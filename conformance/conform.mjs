import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleCases } from './cases/bundles.mjs';
import { damagedCases } from './cases/damaged.mjs';
import { foreignCases } from './cases/foreign.mjs';
import { honestCases } from './cases/honest.mjs';
import { keyCases } from './cases/keys.mjs';
import { malformedCases } from './cases/malformed.mjs';
import { staleCases } from './cases/stale.mjs';
import { compare } from './compare.mjs';
import { makeGoodRepository } from './good-repository.mjs';
import { judgeBundle } from './judge-bundle.mjs';
import { judgeMetadata } from './judge-metadata.mjs';
import { openDevice, openMetadataReader } from './tools/nearside.mjs';
import { writeWithTufJs } from './writers/tufjs-writer.mjs';

/**
 * Judges a repository of the publisher, every attack on it, and repositories of other writers,
 * with our device and with other tools, and compares.
 *
 * @param {object} options
 * @param {string} options.workDirectory an empty directory
 * @param {readonly object[]} options.clients TUF clients
 * @param {readonly object[]} options.verifiers of bundles
 * @param {object} [options.openssl]
 * @param {Readonly<Record<string, (directory: string) => unknown>>} [options.writers] of repositories
 * @returns {Promise<import('./compare.mjs').Row[]>}
 */
export async function conform({ workDirectory, clients, verifiers, openssl, writers = {} }) {
  const good = await makeGoodRepository(workDirectory);
  const ourStage = {
    workDirectory,
    clients,
    openssl,
    targets: good.targets,
    chunksOf: good.directory,
    openOurs: ({ firstRoot }) => openDevice({ firstRoot, model: good.model }),
  };
  const rows = [];
  const suites = { honestCases, damagedCases, staleCases, keyCases, malformedCases };
  for (const casesOf of Object.values(suites)) {
    for (const metadataCase of casesOf(good)) {
      rows.push(compare('metadata', metadataCase, await judgeMetadata(metadataCase, ourStage)));
    }
  }

  const { cases, ...key } = await bundleCases(good);
  for (const bundleCase of cases) {
    const judged = await judgeBundle(bundleCase, { good, workDirectory, verifiers, ...key });
    rows.push(compare('bundle', bundleCase, judged));
  }

  for (const [writer, write] of Object.entries({ 'tuf-js': writeWithTufJs, ...writers })) {
    const written = await write(await mkdtemp(join(workDirectory, 'written-')));
    const targets = ['file1.txt', 'file2.txt'];
    const openOurs = ({ firstRoot }) => openMetadataReader({ firstRoot, targets });
    const stage = { workDirectory, clients, targets, openOurs };
    for (const foreignCase of foreignCases(written)) {
      rows.push(
        compare(`written by ${writer}`, foreignCase, await judgeMetadata(foreignCase, stage)),
      );
    }
  }
  return rows;
}
