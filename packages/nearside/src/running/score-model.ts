import type { Input } from '../input.js';
import type { RunOptions, Scored, ScoreOptions } from '../model.js';
import type { Results } from '../results.js';
import type { StreamContext } from '../streaming/open-stream.js';
import { refuseInput } from './refuse-input.js';
import { scoreAll } from './score-all.js';
import { snapshotInput } from './snapshot-input.js';

/**
 * Runs many inputs on a model as frames are run: they are few at a time by themselves, so that they
 * wait whatever else does, and take nobody's place.
 *
 * @throws as {@link scoreAll}
 */
export function scoreModel(
  { handover, runFrame, closing, custom }: Omit<StreamContext, 'refusal'>,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options?: ScoreOptions,
): Results<Scored> {
  const run = (input: Input, runOptions: RunOptions) => {
    const take = () =>
      snapshotInput(input, handover.current.serving.version.spec, {
        ...{ transfer: false, custom, refuse: refuseInput },
      });
    return runFrame({ take, input }, runOptions);
  };
  return scoreAll({ run, closing }, inputs, options);
}
