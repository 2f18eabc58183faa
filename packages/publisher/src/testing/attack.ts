import type { RepositoryFiles } from './forge.js';
import type { Outcome } from './scene.js';

/** What somebody does to a repository of 1.0.0 and 1.1.0, and what devices make of it. */
export interface Attack {
  readonly name: string;
  readonly files: RepositoryFiles;
  /** What a device without any version comes to. */
  readonly first: Outcome;
  /** What a device with 1.0.0 comes to; the same unless said otherwise. */
  readonly update?: Outcome;
  /** False where the device has learnt what the true files do not know: it waits for newer ones. */
  readonly heals?: boolean;
}
