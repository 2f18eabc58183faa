import { parseTrust, type Release, verifyBytes } from '@nearside/artifact';
import { sum } from '@nearside/core';
import { warnOfPublishedKeys } from '../keys/exposed-keys.js';
import { TUF_ROLES } from '../keys/key-files.js';
import {
  openRepository,
  requirePin,
  requireRepository,
} from '../repository/reading/open-repository.js';
import {
  type RepositoryState,
  readableReleases,
  signedOf,
} from '../repository/reading/read-repository.js';
import type { VerifiedVersion } from '../repository/reading/read-version.js';
import { readSealedVersion, requireVoucher } from '../sealing/read-sealed.js';
import { isTooLong, LIFETIME_DAYS } from '../signing/lifetimes.js';
import { collect, type Problem } from '../verification/problem.js';
import { verifyBootFiles } from '../verification/verify-boot-files.js';
import { verifyDeltas } from '../verification/verify-deltas.js';
import { type VersionCheck, verifyFiles, verifyVersion } from '../verification/verify-version.js';

export type { Problem } from '../verification/problem.js';

export interface VerifyOptions {
  /** Directory or URL of a repository, or of a sealed model. */
  readonly repository: string;
  /** Pin of the repository, as devices have it; or else `integrity`. */
  readonly trust?: string | undefined;
  /** Hash of a sealed model's version, as the page has it. */
  readonly integrity?: string | undefined;
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  readonly now?: () => number;
}

export interface VerifyProgress {
  readonly model: string;
  readonly version: string;
  readonly file: string;
  /** Chunks of the whole run so far. */
  readonly chunks: number;
  readonly bytes: number;
}

export interface Verification {
  /** True if there is no problem. */
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  /** Sentences about states that devices accept and somebody should mend all the same. */
  readonly warnings: readonly string[];
  /** Every version that was read, as `model version`. */
  readonly versions: readonly string[];
  /** Distinct chunks, and their bytes as they crossed the network. */
  readonly chunks: number;
  readonly bytes: number;
}

/**
 * Reads all of a published repository from outside, as devices do: metadata from the pin down, every version's
 * bundle, layout and chunks, deltas and boot files. It goes on after a problem, unless metadata does not verify,
 * because then nothing below it can be trusted. Of a sealed model it reads the version that the hash names.
 *
 * @throws TypeError unless it is given either a pin or a hash
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  requireVoucher('verify', options);
  const { trust, integrity } = options;
  const found = createFindings(options);
  const versions =
    integrity === undefined
      ? await verifyRepository(found, options, await parseTrust(trust))
      : await verifySealed(found, options, integrity);
  const { problems, warnings, totals } = found;
  warnings.push(...(await warnOfPublishedKeys(options.repository)));
  return { ok: problems.length === 0, problems, warnings, versions, ...totals() };
}

type Findings = ReturnType<typeof createFindings>;

function createFindings({ onProgress = () => {} }: VerifyOptions) {
  const chunks = new Map<string, number>();
  const totals = () => ({ chunks: chunks.size, bytes: sum(chunks.values()) });
  const onFile = ({ model, version }: Release, file: string) =>
    onProgress({ model, version, file, ...totals() });
  const problems: Problem[] = [];
  const warnings: string[] = [];
  return { problems, warnings, chunks, files: new Set<string>(), onFile, totals };
}

/** @returns every version that was read */
async function verifyRepository(
  found: Findings,
  { repository, now = Date.now }: VerifyOptions,
  pin: string,
): Promise<string[]> {
  const { problems } = found;
  const source = openRepository(repository);
  const state = await collect(problems, 'metadata', async () => {
    const read = await requireRepository(source, repository);
    requirePin(read.pin, pin);
    return read;
  });
  if (!state) return [];
  problems.push(...expiredRoles(state, now()));
  const releases = readReleases(state, problems);
  const check: VersionCheck = { ...found, source };
  const versions: VerifiedVersion[] = [];
  for (const release of releases) {
    const version = await verifyVersion(check, state.trusted.root, release);
    if (version) versions.push(version);
  }
  await verifyDeltas(source, versions, problems);
  await verifyBootFiles(source, state.trusted, problems);
  found.warnings.push(...tooLongRoles(state, now()));
  return releases.map(({ model, version }) => `${model} ${version}`);
}

async function verifySealed(
  found: Findings,
  { repository }: VerifyOptions,
  integrity: string,
): Promise<string[]> {
  const sealed = await collect(found.problems, integrity, () =>
    readSealedVersion(repository, integrity),
  );
  if (!sealed) return [];
  const { source, version, inline } = sealed;
  for (const [name, bytes] of inline) {
    const [sha256 = ''] = /[0-9a-f]{64}/.exec(name) ?? [];
    const what = `${version.release.targetName}, inline ${sha256}`;
    await collect(found.problems, what, () => verifyBytes(bytes, { what, sha256 }));
  }
  await verifyFiles({ ...found, source }, version);
  return [`${version.release.model} ${version.release.version}`];
}

/** A device that opens for the first time refuses expired metadata. Installed versions go on. */
function expiredRoles({ trusted }: RepositoryState, nowMs: number): Problem[] {
  return TUF_ROLES.flatMap((role): Problem[] => {
    const signed = signedOf(trusted, role);
    const what = `${role}.json`;
    if (!signed) {
      const message = `${what}: expected it under the root, got none: nothing is published yet.`;
      return [{ what, code: 'file-missing', message }];
    }
    if (Date.parse(signed.expires) > nowMs) return [];
    const message =
      `${what}: expected metadata that is valid now, got one that expired at ${signed.expires}. ` +
      '`nearside renew` makes a new one.';
    return [{ what, code: 'metadata-expired', message }];
  });
}

/** A mirror that shows such metadata for ever is noticed too late. */
function tooLongRoles({ trusted }: RepositoryState, nowMs: number): string[] {
  return TUF_ROLES.flatMap((role) => {
    const expires = signedOf(trusted, role)?.expires;
    if (expires === undefined || !isTooLong(role, expires, nowMs)) return [];
    return [
      `${role}.json: expected metadata that expires within ${LIFETIME_DAYS[role]} days, got one that ` +
        `expires at ${expires}. Was the clock of who signed it ahead, or is this one behind? ` +
        `\`nearside renew --role ${role}\` makes a new one.`,
    ];
  });
}

/** Reads every version of every model. Revoked ones count too, because a device may be asked to keep one. */
function readReleases({ trusted }: RepositoryState, problems: Problem[]): readonly Release[] {
  const { targets } = trusted;
  if (!targets) return [];
  const { releases, unreadable } = readableReleases(targets.signed);
  problems.push(
    ...unreadable.map(({ target, code, message }) => ({ what: target, code, message })),
  );
  return releases;
}
