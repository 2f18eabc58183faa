import type { ChunkStore } from '../chunks/chunk-store.js';
import type { RepositorySource } from '../network/repository-source.js';
import type { Support } from '../release.js';
import type { FallbackStore } from '../stores/fallback-store.js';
import type { MetadataKeeper } from './metadata-keeper.js';
import type { BootAnswer } from './read-boot-file.js';
import type { VersionLedger } from './version-ledger.js';

/** Shared by the steps of an installation. */
export interface InstallationContext {
  readonly model: string;
  /** Keys of this repository in the store begin with this. */
  readonly prefix: string;
  readonly installId: string;
  readonly support: Support;
  readonly store: FallbackStore;
  /** The repository, or the first of its mirrors that answers. */
  readonly source: RepositorySource;
  /** The answer to the page's own request for the boot file; undefined if it has not asked. */
  readonly boot: BootAnswer | undefined;
  readonly metadata: MetadataKeeper;
  readonly ledger: VersionLedger;
  readonly chunks: ChunkStore;
  readonly signal: AbortSignal | undefined;
  readonly now: () => number;
  readonly onEvent: (event: InstallationEvent) => void;
}

/** Events of an installation at work. */
export type InstallationEvent =
  | { readonly type: 'chunk-healed'; readonly sha256: string }
  | { readonly type: 'metadata-stale'; readonly role: string; readonly expires: string }
  | { readonly type: 'version-unsupported'; readonly version: string; readonly sequence: number }
  | {
      readonly type: 'storage-evicted';
      readonly model: string;
      readonly version: string;
      readonly sizeBytes: number;
    };
