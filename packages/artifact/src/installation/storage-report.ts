import type { ErrorCode, Store } from '@nearside/core';
import { type Pointer, parsePointer, pointerKey, readRecords } from './version-records.js';

/** What a model takes on this device, and how safe it is there. */
export interface StorageReport {
  /** `memory` is gone with the page. */
  readonly kind: Store['kind'];
  /** Why new data goes to memory although the store is persistent: full, or blocked. */
  readonly degraded?: ErrorCode | undefined;
  /** Whether the browser promises not to evict this origin's data; undefined where it cannot say. */
  readonly persisted?: boolean | undefined;
  /** Of the whole origin, as the browser estimates; bytes. */
  readonly usageBytes?: number | undefined;
  readonly quotaBytes?: number | undefined;
  readonly versions: readonly StoredVersion[];
}

export interface StoredVersion {
  readonly version: string;
  readonly sequence: number;
  /** `kept`: out of use, until room is needed. `fetching`: not complete, or never proven here. */
  readonly role: 'active' | 'previous' | 'candidate' | 'fetching' | 'kept' | 'failed';
  /** Of the chunks this device uses of it; versions share chunks. */
  readonly sizeBytes: number;
  readonly lastUsedMs: number;
}

export async function reportStorage(
  store: Store & { readonly degraded?: { readonly code: ErrorCode } | undefined },
  { prefix, model }: { prefix: string; model: string },
): Promise<StorageReport> {
  const pointer = parsePointer(await store.get(pointerKey(prefix, model)));
  const records = await readRecords(store, prefix, model);
  // Asked in a worker of a sandboxed frame, which has no origin, Firefox ends what asks, past any `catch`.
  const hasOrigin = globalThis.origin !== 'null';
  const manager = hasOrigin ? (globalThis.navigator as Navigator | undefined)?.storage : undefined;
  const { usage, quota } = (await manager?.estimate?.().catch(() => undefined)) ?? {};
  return {
    kind: store.kind,
    degraded: store.degraded?.code,
    persisted: await manager?.persisted?.().catch(() => undefined),
    usageBytes: usage,
    quotaBytes: quota,
    versions: [...records]
      .map(([sequence, { version, chunks, state, lastUsedMs }]) => ({
        version,
        sequence,
        role: roleOf(sequence, pointer) ?? (state === 'proven' ? ('kept' as const) : state),
        sizeBytes: state === 'failed' ? 0 : chunks.reduce((sum, [, size]) => sum + size, 0),
        lastUsedMs,
      }))
      .sort((a, b) => b.sequence - a.sequence),
  };
}

function roleOf(sequence: number, pointer: Pointer) {
  return (['active', 'previous', 'candidate'] as const).find((role) => pointer[role] === sequence);
}
