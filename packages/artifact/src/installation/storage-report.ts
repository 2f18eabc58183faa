import type { ErrorCode, Store } from '@nearside/core';
import { pointerKey } from './record-keys.js';
import { type Pointer, parsePointer, readRecords } from './version-records.js';

/** The size of a model on this device, and how safe it is there. */
export interface StorageReport {
  /** Data in `memory` is gone with the model's worker. */
  readonly kind: Store['kind'];
  /** Why new data goes to memory although the store is persistent: full, or blocked. */
  readonly degraded?: ErrorCode | undefined;
  /** True if the browser promises not to evict this origin's data; undefined where it cannot say. */
  readonly persisted?: boolean | undefined;
  /** Bytes of the whole origin, as the browser estimates. */
  readonly usageBytes?: number | undefined;
  readonly quotaBytes?: number | undefined;
  readonly versions: readonly StoredVersion[];
}

export interface StoredVersion {
  readonly version: string;
  readonly sequence: number;
  /** `kept`: out of use, until room is needed. `fetching`: not complete, or never proven here. */
  readonly role: 'active' | 'previous' | 'candidate' | 'fetching' | 'kept' | 'failed';
  /** Bytes of the chunks that this device uses; versions share chunks. */
  readonly sizeBytes: number;
  readonly lastUsedMs: number;
}

export async function reportStorage(
  store: Store & { readonly degraded?: { readonly code: ErrorCode } | undefined },
  { prefix, model }: { prefix: string; model: string },
): Promise<StorageReport> {
  const pointer = parsePointer(await store.get(pointerKey(prefix, model)));
  const records = await readRecords(store, prefix, model);
  // In a worker of a sandboxed frame, which has no origin, asking makes Firefox end the worker, past any `catch`.
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
