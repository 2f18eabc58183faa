import type { VerifiedBytes } from '@nearside/artifact';
import type { Baseline, Golden, ModelSpec, Variant } from '@nearside/core';
import type { OpenedVersion } from '../protocol.js';
import type { UnverifiedBytes } from '../unsigned/unverified-bytes.js';
import type { LoadProgress } from './load-progress.js';

/** A version that a worker serves, whoever vouches for it. */
export type HostedVersion = SignedVersion | UnsignedVersion;

/** One that `open` found: what it reads is verified, and nothing else is. */
export type SignedVersion = VersionOf<VerifiedBytes>;

/** One that `openUnsigned` was given as files: it stands in for no signed one. */
export type UnsignedVersion = VersionOf<UnverifiedBytes>;

/** A version by what its files are read as. */
interface VersionOf<Bytes> {
  /** As the page is told. */
  readonly described: OpenedVersion;
  readonly spec: ModelSpec;
  /** Undefined where there is nothing to prove a backend on: for `openUnsigned` alone. */
  readonly golden: Golden | undefined;
  /** What has proven it on this device before: see `activate`. */
  readonly provenBy: readonly string[];
  /** Bytes of a variant's files that are not on the device yet, compressed. */
  missingBytes(variant: Variant): Promise<number>;
  /** Fetches what a variant needs and is not on the device yet. */
  fetch(variant: Variant): Promise<void>;
  /** Reads all that a session of the variant needs: it is checked before the first byte of it is used. */
  readVariant(variant: Variant, progress: LoadProgress): Promise<VariantFiles<Bytes>>;
  /** Reads files anew: a session does not keep them. */
  readFiles(names: readonly string[]): Promise<ReadonlyMap<string, Bytes>>;
  /** After the named backend has proven it: from now on it is the active one of this device, if it may be. */
  activate(provenBy: string): Promise<void>;
}

export interface VariantFiles<Bytes> {
  readonly files: ReadonlyMap<string, Bytes>;
  /** What crossed the network for them. */
  readonly fetchedBytes: number;
  readonly baseline: Baseline | undefined;
}
