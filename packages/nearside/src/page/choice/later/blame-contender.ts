import type {
  AvailableBackend,
  BackendFailure,
  Quarantined,
} from '../../../shared/api/backends.js';
import { isSameContender } from '../../../shared/contenders.js';
import type { BackendChoice } from '../backend-choice.js';
import { isLasting } from '../choice-record.js';

/** Holds a failure against a contender: for good where it would fail again, else until it serves. */
export function quarantine(
  choice: BackendChoice,
  failed: BackendFailure,
  sequence: number | undefined,
): void {
  const withIt = (all: readonly Quarantined[]) => [
    ...all.filter((one) => !isSameContender(one, failed)),
    { ...failed, atMs: Date.now() },
  ];
  choice.startAnewFor(sequence);
  if (isLasting(failed.code)) choice.change({ quarantined: withIt(choice.record.quarantined) });
  else choice.passing = withIt(choice.passing);
}

/** Takes back what is held against backends, when nothing else is left to try. */
export function pardon(choice: BackendChoice, backends: readonly AvailableBackend[]): void {
  const { quarantined } = choice.record;
  choice.change({ quarantined: quarantined.filter(({ backend }) => !backends.includes(backend)) });
}

/** A backend that keeps failing loses what it has won; everything is measured anew. */
export function demote(choice: BackendChoice, backend: AvailableBackend): void {
  if (choice.record.start?.backend === backend) choice.change({ start: undefined, measured: [] });
}
