import type { Input } from '../input.js';
import type { RunOptions, Scored, ScoreOptions } from '../model.js';
import type { Results } from '../results.js';
import { refuseInput } from '../running/refuse-input.js';
import { snapshotInput } from '../running/snapshot-input.js';
import { scoreWith } from './score-with.js';
import type { SeriesContext } from './series-context.js';

/**
 * Runs many inputs on a model as a stream's frames are run: they are few at a time by themselves, so that they
 * wait whatever else does, and take nobody's place.
 *
 * @throws as {@link scoreWith}
 */
export function scoreModel(
  { handover, runItem, closing, custom }: SeriesContext,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options?: ScoreOptions,
): Results<Scored> {
  const run = (input: Input, runOptions: RunOptions) => {
    const take = () =>
      snapshotInput(input, handover.current.version.spec, {
        ...{ transfer: false, custom, refuse: refuseInput },
      });
    return runItem({ take, input, held: undefined, together: undefined }, runOptions);
  };
  return scoreWith({ run, closing }, inputs, options);
}
