import type { Output } from '@nearside/pipeline';
import type { OpenOptions } from './open-options.js';
import type { Input } from './run.js';

/**
 * A model's address, what vouches for it, and the types of its inputs and results: `open(digits)`. `nearside seal` and
 * `nearside publish` write modules of these, with `--module`.
 */
export interface ModelReference<Given = Input, Result = Output>
  extends Pick<OpenOptions, 'trust' | 'integrity' | 'task'> {
  /** As in `open`. */
  readonly url: string;
  /** Carries the types, and is never there. */
  readonly '~types'?: { readonly input: Given; readonly output: Result } | undefined;
}
