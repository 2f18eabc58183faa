import type { NewFindingEntry } from '../store/rollup-store.js';

/** What a look writes down: a finding that began, and what differs of it. */
export function sampleFinding(
  part: Partial<NewFindingEntry> & Pick<NewFindingEntry, 'atMs'>,
): NewFindingEntry {
  return {
    model: 'digits',
    version: '1.1.0',
    kind: 'success',
    subject: '',
    state: 'began',
    revision: 3,
    figures: {},
    ...part,
  };
}
