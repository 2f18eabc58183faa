import type { Variant } from '@nearside/core';
import { type AvailableBackend, runtimeOf } from '../runtime-assets.js';

/** One way of serving a version: a variant of it on a backend. */
export interface Candidate {
  readonly backend: AvailableBackend;
  readonly variant: string;
}

/**
 * What a backend's worker and wasm weigh on the wire, gzip, bytes: measured on `dist/assets`. A CDN
 * that compresses with brotli sends less, in about the same proportions.
 */
export const RUNTIME_BYTES: Readonly<Record<AvailableBackend, number>> = Object.freeze({
  'onnx-wasm': 3_800_000,
  'tfjs-wasm': 350_000,
  'onnx-webgpu': 6_800_000,
  'tfjs-webgpu': 250_000,
});

/**
 * A GPU's speed is only known by trying, and its numbers may be wrong: it never serves by a guess.
 */
export function isGuessable(backend: AvailableBackend): boolean {
  return !backend.endsWith('webgpu');
}

/** Lightest runtime first: where to start while nothing of a model is known. */
export function orderByRuntime(backends: readonly AvailableBackend[]): AvailableBackend[] {
  return [...backends].sort((a, b) => RUNTIME_BYTES[a] - RUNTIME_BYTES[b]);
}

/**
 * Every variant on every backend that loads it. The publisher's first choice for a runtime comes
 * first: all backends with their first variant, then those with their second, and so on.
 */
export function listCandidates(
  variants: readonly Variant[],
  backends: readonly AvailableBackend[],
): Candidate[] {
  const ranked = backends.flatMap((backend) =>
    variants
      .filter(({ runtime }) => runtime === runtimeOf(backend))
      .map(({ name }, rank) => ({ rank, candidate: { backend, variant: name } })),
  );
  return ranked.sort((a, b) => a.rank - b.rank).map(({ candidate }) => candidate);
}

/** What is on the device, and what is not. */
export interface Transfer {
  /** Bytes of each variant's files that are still to be fetched, by its name. */
  readonly missingBytes: Readonly<Record<string, number>>;
  /** Backends whose runtime has been here before, and is in a cache of the browser. */
  readonly cachedRuntimes: ReadonlySet<AvailableBackend>;
}

/** What has to cross the network before a candidate can run, bytes. */
export function bytesToFetch(
  { backend, variant }: Candidate,
  { missingBytes, cachedRuntimes }: Transfer,
): number {
  const runtime = cachedRuntimes.has(backend) ? 0 : RUNTIME_BYTES[backend];
  return runtime + (missingBytes[variant] ?? 0);
}

/** The prior order: fewest bytes to fetch first; at the same weight as {@link listCandidates} has it. */
export function orderByWeight(candidates: readonly Candidate[], transfer: Transfer): Candidate[] {
  return [...candidates].sort((a, b) => bytesToFetch(a, transfer) - bytesToFetch(b, transfer));
}

export function isSameCandidate(a: Candidate | undefined, b: Candidate | undefined): boolean {
  return a?.backend === b?.backend && a?.variant === b?.variant;
}
