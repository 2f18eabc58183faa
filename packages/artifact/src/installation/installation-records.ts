import type { Store } from '@nearside/core';

/**
 * What a device remembers of a model's versions. Nothing here is trusted: a record only says where
 * to look, and what is found there is verified.
 */

/** `p/<model>`: the only switch between versions, by sequence. */
export interface Pointer {
  readonly active?: number | undefined;
  readonly previous?: number | undefined;
  /** Fetched in the background, not proven yet. */
  readonly candidate?: number | undefined;
}

/** `v/<model>/<sequence>`: one version on this device. */
export interface VersionRecord {
  /** The signed bundle, raw. */
  readonly bundle: Uint8Array<ArrayBuffer>;
  /** Loads a candidate is still allowed; counted down *before* each, so that a crash counts too. */
  readonly triesLeft: number;
  /** Backends that have reproduced its golden outputs on this device, as their prover names them. */
  readonly provenBy: readonly string[];
  readonly lastUsedMs: number;
}

export function pointerKey(prefix: string, model: string): string {
  return `${prefix}/p/${model}`;
}

export function versionKey(prefix: string, model: string, sequence: number): string {
  return `${prefix}/v/${model}/${sequence}`;
}

export async function readPointer(store: Store, key: string): Promise<Pointer> {
  const value = await store.get(key);
  if (typeof value !== 'object' || value === null) return {};
  const { active, previous, candidate } = value as Record<string, unknown>;
  return { active: sequence(active), previous: sequence(previous), candidate: sequence(candidate) };
}

export async function readVersionRecord(
  store: Store,
  key: string,
): Promise<VersionRecord | undefined> {
  const value = (await store.get(key)) as Partial<VersionRecord> | undefined;
  if (!(value?.bundle instanceof Uint8Array)) return undefined;
  return {
    bundle: value.bundle,
    triesLeft: sequence(value.triesLeft) ?? 0,
    provenBy: Array.isArray(value.provenBy) ? value.provenBy : [],
    lastUsedMs: Number(value.lastUsedMs) || 0,
  };
}

function sequence(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}
