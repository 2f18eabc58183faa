import { openRepository, requireRepository } from '../repository/reading/open-repository.js';

export interface PinOptions {
  /** Directory or URL of a repository. A pin read from a URL is as good as that connection. */
  readonly repository: string;
}

/**
 * The pin of a repository: what `open` takes as `trust`.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code when it does not verify
 */
export async function pin({ repository }: PinOptions): Promise<string> {
  const state = await requireRepository(openRepository(repository), repository);
  return state.pin;
}
