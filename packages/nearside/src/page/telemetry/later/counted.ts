import type { Report } from '@nearside/core';
import type { BaselineKey } from '../../../shared/protocol.js';

export type Dimensions = Report['dimensions'];

/** What a report is about: one version on one backend, as this install has it. */
export interface Counted {
  /** The same for what is counted in one report. */
  readonly key: string;
  readonly dimensions: Omit<Dimensions, 'weight' | 'app'>;
  readonly baseline: BaselineKey | undefined;
}

export function asCounted({ dimensions, baseline }: Omit<Counted, 'key'>): Counted {
  return { key: JSON.stringify([dimensions, baseline?.hash]), dimensions, baseline };
}
