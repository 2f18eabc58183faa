import type { ReleaseIdentity } from '@nearside/artifact';
import { type Chunk, type Layout, type ModelSpec, sum } from '@nearside/core';
import type { OnProgress } from '../files/slices.js';
import { compareSchemas, type SchemaChange } from '../repository/checking/compare-schemas.js';
import {
  chunksOfVariant,
  indexChunks,
  makeDeltas,
  storedBytesOf,
  type UpdateWeight,
  weighUpdate,
} from '../repository/deltas/weigh-update.js';
import { openVersionContent, type VersionContent } from '../repository/reading/version-content.js';

export interface DiffOptions {
  /**
   * The older and the newer version: each a directory that `pack` wrote, or
   * `<repository dir or url>#<model>@<version>`, without `@<version>` the newest not revoked.
   */
  readonly from: string;
  readonly to: string;
  readonly onProgress?: OnProgress | undefined;
}

export interface VersionDiff {
  readonly from: ReleaseIdentity;
  readonly to: ReleaseIdentity;
  readonly files: readonly FileDiff[];
  /** Distinct chunks of the newer version, and those of them that the older one has too. */
  readonly chunks: number;
  readonly sharedChunks: number;
  readonly storedBytes: number;
  readonly sharedBytes: number;
  /** Deltas that would be worth it; `nearside delta` writes them. */
  readonly deltas: number;
  /** Bytes that a device fetches: for all files, and for each variant alone. */
  readonly total: UpdateWeight;
  readonly variants: readonly (UpdateWeight & { readonly name: string })[];
  /** Changes for callers, and other changes in model.json. */
  readonly schema: readonly SchemaChange[];
  readonly breaking: boolean;
  readonly spec: readonly {
    readonly field: string;
    readonly from: unknown;
    readonly to: unknown;
  }[];
}

export interface FileDiff {
  readonly name: string;
  readonly change: 'same' | 'changed' | 'added' | 'removed';
  /** Size in the newer version, or in the older one if the file was removed. */
  readonly sizeBytes: number;
  readonly chunks: number;
  readonly sharedChunks: number;
  /** Names of the tensors in changed chunks, if the layout has them. */
  readonly tensors: readonly string[];
}

/**
 * Compares two versions: the changes, and their cost for a device that has the older one.
 *
 * @throws NearsideError when one of them is not there or does not verify
 */
export async function diff({ from, to, onProgress = () => {} }: DiffOptions): Promise<VersionDiff> {
  const older = await openVersionContent(from);
  const newer = await openVersionContent(to);
  const olderChunks = [...older.files.values()].flat();
  const newerChunks = [...newer.files.values()].flat();
  const known = indexChunks(olderChunks);
  const distinct = [...indexChunks(newerChunks).values()];
  const shared = distinct.filter(([sha256]) => known.has(sha256));
  const deltas = await weighDeltas(newer, older, onProgress);
  const schema = compareSchemas(older.spec, newer.spec);
  return {
    from: older.release,
    to: newer.release,
    files: compareFiles(older, newer, known),
    chunks: distinct.length,
    sharedChunks: shared.length,
    storedBytes: sum(distinct.map(storedBytesOf)),
    sharedBytes: sum(shared.map(storedBytesOf)),
    deltas: deltas.size,
    total: weighUpdate(newerChunks, olderChunks, deltas),
    variants: newer.spec.variants.map((variant) => {
      const before = older.spec.variants.find(({ name }) => name === variant.name);
      const had = before ? chunksOfVariant(older, before) : [];
      return { name: variant.name, ...weighUpdate(chunksOfVariant(newer, variant), had, deltas) };
    }),
    schema,
    breaking: schema.some(({ breaking }) => breaking),
    spec: compareFields(older.spec, newer.spec),
  };
}

async function weighDeltas(newer: VersionContent, older: VersionContent, onProgress: OnProgress) {
  const sizes = new Map<string, { fromSha256: string; sizeBytes: number }>();
  for await (const { sha256, fromSha256, bytes } of makeDeltas(newer, older, onProgress)) {
    sizes.set(sha256, { fromSha256, sizeBytes: bytes.length });
  }
  return sizes;
}

function compareFiles(
  older: VersionContent,
  newer: VersionContent,
  known: ReadonlyMap<string, Chunk>,
): FileDiff[] {
  const names = [...new Set([...older.files.keys(), ...newer.files.keys()])].sort();
  return names.map((name) => {
    const before = older.files.get(name);
    const after = newer.files.get(name);
    const chunks = after ?? before ?? [];
    return {
      name,
      change: changeOf(before, after),
      sizeBytes: sum(chunks.map(([, sizeBytes]) => sizeBytes)),
      chunks: chunks.length,
      sharedChunks: after ? after.filter(([sha256]) => known.has(sha256)).length : 0,
      tensors: after && before ? changedTensors(newer.layout, name, known) : [],
    };
  });
}

function changeOf(
  before: readonly Chunk[] | undefined,
  after: readonly Chunk[] | undefined,
): FileDiff['change'] {
  if (!before) return 'added';
  if (!after) return 'removed';
  const hashes = (chunks: readonly Chunk[]) => chunks.map(([sha256]) => sha256).join();
  return hashes(before) === hashes(after) ? 'same' : 'changed';
}

/** A tensor is named in the chunk where it begins. A chunk without a name goes on with the last tensor. */
function changedTensors(
  { files, tensors }: Layout,
  name: string,
  known: ReadonlyMap<string, Chunk>,
): string[] {
  const changed = new Set<string>();
  let last: string | undefined;
  for (const [i, [sha256]] of (files[name] ?? []).entries()) {
    const begun = tensors?.[name]?.[i] ?? [];
    const inside = begun.length > 0 || last === undefined ? begun : [last];
    if (!known.has(sha256)) for (const tensor of inside) changed.add(tensor);
    last = begun.at(-1) ?? last;
  }
  return [...changed];
}

/** Fields of model.json other than the schema and the version's own names. */
function compareFields(before: ModelSpec, after: ModelSpec): VersionDiff['spec'] {
  const compared = new Set(['name', 'version', 'sequence', 'task', 'inputs', 'outputs']);
  const older: Record<string, unknown> = before;
  const newer: Record<string, unknown> = after;
  return [...new Set([...Object.keys(older), ...Object.keys(newer)])]
    .filter((field) => !compared.has(field))
    .filter((field) => JSON.stringify(older[field]) !== JSON.stringify(newer[field]))
    .map((field) => ({ field, from: older[field], to: newer[field] }));
}
