import type { Variant } from '@nearside/core';
import type { AvailableBackend } from './api/backends.js';
import { type Contender, runsOnCpu, variantsFor } from './contenders.js';

/**
 * Bytes of a backend's worker and wasm on the wire, gzip, measured on `dist/assets`. A CDN that compresses with brotli
 * sends less, in about the same proportions.
 */
export const RUNTIME_BYTES: Readonly<Record<AvailableBackend, number>> = Object.freeze({
  'onnx-wasm': 3_800_000,
  'tfjs-wasm': 350_000,
  'onnx-webgpu': 4_250_000,
  'tfjs-webgpu': 250_000,
});

/** The bytes of `onnx-wasm` with the common file of ONNX Runtime, where that is enough for a version. */
const COMMON_BYTES = 1_700_000;

/** @param isCommon whether ONNX Runtime's common file is enough */
export function runtimeBytes(backend: AvailableBackend, isCommon: boolean): number {
  return isCommon && backend === 'onnx-wasm' ? COMMON_BYTES : RUNTIME_BYTES[backend];
}

/**
 * Lists every variant on every backend that loads it. The publisher's first choice for a runtime comes first: all
 * backends with their first variant, then those with their second, and so on.
 */
export function listContenders(
  variants: readonly Variant[],
  backends: readonly AvailableBackend[],
): Contender[] {
  const ranked = backends.flatMap((backend) =>
    variantsFor(backend, variants).map(({ name }, rank) => {
      return { rank, contender: { backend, variant: name } };
    }),
  );
  return ranked.sort((a, b) => a.rank - b.rank).map(({ contender }) => contender);
}

/**
 * Tells whether an earlier variant for the same runtime computes in the same type. Between such variants the publisher's order
 * decides, and no clock: a later one needs less memory, or serves where the first has failed.
 */
export function isOutranked(
  { backend, variant }: Contender,
  variants: readonly Variant[],
): boolean {
  const able = variantsFor(backend, variants);
  const dtype = able.find(({ name }) => name === variant)?.dtype;
  return dtype !== 'unknown' && able.find((one) => one.dtype === dtype)?.name !== variant;
}

/** Files on the device, and files that are still to be fetched. */
export interface DeviceContents {
  /** Bytes of each variant's files that are still to be fetched, by its name. */
  readonly missingBytes: Readonly<Record<string, number>>;
  /** Backends whose runtime has been here before, and is in a cache of the browser. */
  readonly cachedRuntimes: ReadonlySet<AvailableBackend>;
  /** The common file of ONNX Runtime is enough for the version. */
  readonly isCommon: boolean;
}

/** Bytes that cross the network before a contender can run. */
export function bytesToFetch(
  { backend, variant }: Contender,
  { missingBytes, cachedRuntimes, isCommon }: DeviceContents,
): number {
  const runtime = cachedRuntimes.has(backend) ? 0 : runtimeBytes(backend, isCommon);
  return runtime + (missingBytes[variant] ?? 0);
}

/** Sorts by bytes to fetch, the fewest first; where those are equal, as {@link listContenders} has it. */
export function orderByBytes(
  contenders: readonly Contender[],
  contents: DeviceContents,
): Contender[] {
  return [...contenders].sort((a, b) => bytesToFetch(a, contents) - bytesToFetch(b, contents));
}

/** Finds the backend to start with while a device knows nothing of a model. */
export function findSmallestDownload(
  variants: readonly Variant[],
  backends: readonly AvailableBackend[],
  { missingBytes, isCommon }: Pick<DeviceContents, 'missingBytes' | 'isCommon'>,
): AvailableBackend | undefined {
  // A GPU's speed is only known by trying, and its numbers may be wrong: it never serves by a guess.
  const contenders = listContenders(variants, backends.filter(runsOnCpu));
  // Weights that are all here came with a runtime.
  const loaded = contenders.filter(({ variant }) => missingBytes[variant] === 0);
  const cachedRuntimes = new Set(loaded.map(({ backend }) => backend));
  return orderByBytes(contenders, { missingBytes, cachedRuntimes, isCommon })[0]?.backend;
}
