import {
  type InstalledVersion,
  type ModelInstallation,
  parseJson,
  variantFiles,
} from '@nearside/artifact';
import { parseBaseline, type Variant } from '@nearside/core';
import type { OpenedVersion, WhichVersion } from '../protocol.js';
import type { InstallIdentity } from '../telemetry/install-identity.js';
import type { SignedVersion } from './hosted-version.js';

/**
 * Opens a version as an installation has it, which verifies all that is read of it.
 *
 * @returns undefined when there is no such version (a previous one, when there is none)
 * @throws NearsideError trust, network and store codes
 */
export async function openSignedVersion(
  installation: ModelInstallation,
  which: WhichVersion,
  install: InstallIdentity,
): Promise<SignedVersion | undefined> {
  const version = await openInstalled(installation, which);
  if (!version) return undefined;
  const { spec, golden, provenBy } = version;
  const filesOf = (variant: Variant) => variantFiles(variant, golden);

  return {
    spec,
    golden,
    provenBy,
    described: describe(version, install),
    missingBytes: (variant) => version.missingBytes(filesOf(variant)),
    async fetch(variant) {
      await installation.readFiles(version, filesOf(variant));
    },
    async readVariant(variant, progress) {
      const names = filesOf(variant);
      progress.expect(await version.missingBytes(names));
      let fetchedBytes = 0;
      const files = await installation.readFiles(version, names, {
        onBytes(sizeBytes) {
          fetchedBytes += sizeBytes;
          progress.arrive('weights', sizeBytes);
        },
        onElsewhere: (sizeBytes) => progress.arrive('weights', sizeBytes),
      });
      const baseline = files.get('baseline.json');
      return {
        files,
        fetchedBytes,
        baseline: baseline && parseBaseline(parseJson(baseline, BASELINE)),
      };
    },
    readFiles: (names) => installation.readFiles(version, names),
    async activate(provenBy) {
      if (which.kind === 'served') return; // another one stays the active version
      await installation.activate(version, provenBy);
    },
  };
}

const BASELINE = { code: 'metadata-malformed', what: 'baseline.json' } as const;

function openInstalled(installation: ModelInstallation, which: WhichVersion) {
  switch (which.kind) {
    case 'active':
      return installation.open();
    case 'previous':
      return installation.openPrevious(which.failed);
    case 'served':
      return installation.openServed(which.sequence);
    case 'candidate':
      return installation.openCandidate(which.sequence);
  }
}

function describe(version: InstalledVersion, install: InstallIdentity): OpenedVersion {
  const { release, manifestSha256, spec, origin, arm } = version;
  const driftEdges = version.digestOf('baseline.json')?.slice(0, 16);
  return { release, manifestSha256, spec, origin, arm, driftEdges, install };
}
