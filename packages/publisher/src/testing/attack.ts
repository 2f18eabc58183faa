import type { RepositoryFiles } from './forge.js';
import type { Outcome } from './scene.js';

/** An attack on a repository with 1.0.0 and 1.1.0, and how devices end up. */
export interface Attack {
  readonly name: string;
  readonly files: RepositoryFiles;
  /** Outcome for a device without any version. */
  readonly first: Outcome;
  /** Outcome for a device with 1.0.0; by default the same. */
  readonly update?: Outcome;
  /** False if the device has learnt something that the true files do not have, and waits for newer ones. */
  readonly heals?: boolean;
}

/** Attacks that all end in the same way: name → files. */
export function endingIn(
  first: Outcome,
  attacks: Readonly<Record<string, RepositoryFiles>>,
  rest: Pick<Attack, 'update' | 'heals'> = {},
): Attack[] {
  return Object.entries(attacks).map(([name, files]) => ({ name, files, first, ...rest }));
}
