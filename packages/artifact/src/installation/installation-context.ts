import type { RepositorySource } from '../network/repository-source.js';
import type { MetadataKeeper } from './metadata-keeper.js';
import type { ModelOnDevice } from './model-on-device.js';

/** Shared by the steps of an installation from a signed repository. */
export interface InstallationContext extends ModelOnDevice {
  readonly installId: string;
  /** The repository, or the first of its mirrors that answers. */
  readonly source: RepositorySource;
  readonly metadata: MetadataKeeper;
}
