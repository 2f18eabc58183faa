import { NearsideError } from '@nearside/core';
import { sha256Hex, sha512Hex } from '../sha256.js';
import {
  type Metadata,
  type MetaFile,
  parseMetadata,
  type Role,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from './metadata.js';
import { pinOf } from './parse-trust.js';
import { verifySignatures } from './verify-signatures.js';

/**
 * The metadata that a device trusts, from the pinned root downwards. It grows one file at a time by the functions
 * below. Each verifies a file against the trusted metadata and returns the next state; none changes its argument. The
 * same functions take fetched and stored files, so every load verifies the chain again from the pin. Numbers are
 * sections of TUF 1.0.
 *
 * Expiry is not checked here: see {@link requireUnexpired}.
 */
export interface TrustedMetadata {
  /** Raw bytes of every root from version 1 to the current one. */
  readonly rootChain: readonly Uint8Array<ArrayBuffer>[];
  readonly root: Root;
  readonly timestamp: Metadata<'timestamp'> | undefined;
  readonly snapshot: Metadata<'snapshot'> | undefined;
  readonly targets: Metadata<'targets'> | undefined;
}

/** The fields that come after the root. Each is there, so that none is looked for on a prototype. */
const NONE_YET = { timestamp: undefined, snapshot: undefined, targets: undefined };

/** A trusted chain down to the targets. */
export type CompleteMetadata = TrustedMetadata & {
  readonly timestamp: Metadata<'timestamp'>;
  readonly snapshot: Metadata<'snapshot'>;
  readonly targets: Metadata<'targets'>;
};

type Raw = Uint8Array<ArrayBuffer>;

/** 5.2: the first root is trusted because its bytes hash to the pin. */
export async function acceptFirstRoot(raw: Raw, pin: string): Promise<TrustedMetadata> {
  const actual = await pinOf(raw);
  if (actual !== pin) {
    throw new NearsideError(
      'pin-mismatch',
      `The repository's first root metadata: expected ${pin}, got ${actual}. Either the address ` +
        'or `trust` is of another repository, or somebody replaced its root. If `trust` is what `nearside seal` ' +
        'printed, pass it as `integrity`.',
      { details: { expected: pin, got: actual } },
    );
  }
  const metadata = parseMetadata('root', raw);
  await verifySignatures(metadata, metadata.signed);
  requireMatch('root', metadata.signed.version, 1);
  return { rootChain: [raw], root: metadata.signed, ...NONE_YET };
}

/** 5.3.4–5.3.8, and 5.3.11: a next root is signed by both the old and the new keys. */
export async function acceptNextRoot(trusted: TrustedMetadata, raw: Raw): Promise<TrustedMetadata> {
  const metadata = parseMetadata('root', raw);
  await verifySignatures(metadata, trusted.root);
  await verifySignatures(metadata, metadata.signed);
  requireMatch('root', metadata.signed.version, trusted.root.version + 1);
  const next = { rootChain: [...trusted.rootChain, raw], root: metadata.signed };
  // Fast-forward recovery: metadata signed by keys that root has dropped since is void.
  const isVoid = (['timestamp', 'snapshot'] as const).some((role) =>
    hasDropped(trusted.root, metadata.signed, role),
  );
  return isVoid ? { ...NONE_YET, ...next } : { ...trusted, ...next };
}

/** 5.4.2–5.4.3 */
export async function acceptTimestamp(
  trusted: TrustedMetadata,
  raw: Raw,
): Promise<TrustedMetadata & { timestamp: Metadata<'timestamp'> }> {
  const metadata = parseMetadata('timestamp', raw);
  await verifySignatures(metadata, trusted.root);
  const { timestamp } = trusted;
  if (timestamp) {
    requireNotOlder('timestamp', metadata.signed.version, timestamp.signed.version);
    if (metadata.signed.version === timestamp.signed.version) return { ...trusted, timestamp };
    requireNotOlder('snapshot', snapshotMeta(metadata.signed), snapshotMeta(timestamp.signed));
  }
  return { ...trusted, timestamp: metadata };
}

/** 5.5.2–5.5.5 */
export async function acceptSnapshot(
  trusted: TrustedMetadata & { timestamp: Metadata<'timestamp'> },
  raw: Raw,
): Promise<TrustedMetadata & { timestamp: Metadata<'timestamp'>; snapshot: Metadata<'snapshot'> }> {
  const described = trusted.timestamp.signed.meta['snapshot.json'];
  await requireDescribed('snapshot', raw, described);
  const metadata = parseMetadata('snapshot', raw);
  await verifySignatures(metadata, trusted.root);
  requireMatch('snapshot', metadata.signed.version, described.version);
  if (trusted.snapshot) requireNoTargetsRollback(metadata.signed, trusted.snapshot.signed);
  return { ...trusted, snapshot: metadata };
}

/** 5.6.2–5.6.4 */
export async function acceptTargets(
  trusted: Awaited<ReturnType<typeof acceptSnapshot>>,
  raw: Raw,
): Promise<CompleteMetadata> {
  const described = trusted.snapshot.signed.meta['targets.json'];
  await requireDescribed('targets', raw, described);
  const metadata = parseMetadata('targets', raw);
  await verifySignatures(metadata, trusted.root);
  requireMatch('targets', metadata.signed.version, described.version);
  return { ...trusted, targets: metadata };
}

/**
 * 5.3.10, 5.4.4, 5.5.6, 5.6.5: freeze-attack protection.
 *
 * @throws NearsideError `metadata-expired`, with both times in `details`
 */
export function requireUnexpired(
  role: Role,
  { expires }: Root | Timestamp | Snapshot | Targets,
  nowMs: number,
): void {
  if (Date.parse(expires) > nowMs) return;
  const now = new Date(nowMs).toISOString();
  throw new NearsideError(
    'metadata-expired',
    `${role}.json: expected metadata that is valid at ${now} by this device's clock, got one ` +
      `that expired at ${expires}. The publisher has to renew it, or the clock is wrong.`,
    { details: { role, expires, now }, retryable: true },
  );
}

function requireMatch(role: Role, got: number, expected: number): void {
  if (got === expected) return;
  throw new NearsideError(
    got < expected ? 'metadata-rollback' : 'metadata-mix',
    `${role}.json: expected version ${expected}, got ${got}.`,
    { details: { role, expected, got } },
  );
}

function requireNotOlder(role: Role, got: number, trusted: number): void {
  if (got >= trusted) return;
  throw new NearsideError(
    'metadata-rollback',
    `${role}.json: expected version ${trusted} or newer, because this device has already trusted ` +
      `${trusted}; got ${got}.`,
    { details: { role, trusted, got } },
  );
}

/** 5.5.5: no targets file may disappear or go back. */
function requireNoTargetsRollback(snapshot: Snapshot, trusted: Snapshot): void {
  for (const [name, { version }] of Object.entries(trusted.meta)) {
    requireNotOlder('targets', snapshot.meta[name]?.version ?? 0, version);
  }
}

/** Checks the length and hashes that the role above gives, if it gives them. */
async function requireDescribed(role: Role, raw: Raw, described: MetaFile): Promise<void> {
  const { length, hashes = {} } = described;
  const { sha256, sha512 } = hashes;
  const facts: [what: string, expected: number | string | undefined, got: number | string][] = [
    ['a length in bytes of', length, raw.length],
    ['SHA-256', sha256, sha256 ? await sha256Hex(raw) : ''],
    ['SHA-512', sha512, sha512 ? await sha512Hex(raw) : ''],
  ];
  for (const [what, expected, got] of facts) {
    if (expected === undefined || got === expected) continue;
    throw new NearsideError(
      'metadata-mix',
      `${role}.json: expected ${what} ${expected}, as the role above it says, got ${got}.`,
      { details: { role, expected, got } },
    );
  }
}

function snapshotMeta(timestamp: Timestamp): number {
  return timestamp.meta['snapshot.json'].version;
}

function hasDropped(before: Root, after: Root, role: Role): boolean {
  return before.roles[role].keyids.some((id) => !after.roles[role].keyids.includes(id));
}
