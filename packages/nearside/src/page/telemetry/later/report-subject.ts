import type { Report } from '@nearside/core';
import { deviceClass } from '../../../shared/device-class.js';
import type { ServedVersion } from '../../../shared/ended-run.js';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import type { BaselineKey } from '../../../shared/protocol.js';

export type Dimensions = Report['dimensions'];

/** The subject of a report: one version on one backend, as this install has it. */
export interface ReportSubject {
  /** Equal for runs that are counted in the same report. */
  readonly key: string;
  readonly dimensions: Omit<Dimensions, 'weight' | 'app'>;
  readonly baseline: BaselineKey | undefined;
}

/** Names what serves as reports do. */
export function subjectOf({ version, variant, backend, loaded }: ServedVersion): ReportSubject {
  const { model, version: name } = version.release;
  const { arm, version: assigned, experiment } = version.assignment ?? {};
  return asSubject({
    baseline: loaded?.baseline,
    dimensions: {
      model,
      ...(version.manifestSha256 && {
        version: name,
        manifest: version.manifestSha256,
        variant: variant.name,
        backend,
      }),
      library: LIBRARY_VERSION,
      device: deviceClass(),
      ...(arm && { arm, assigned, ...(experiment && { experiment }) }),
    },
  });
}

/** Names a model of which no version is known yet. */
export function subjectOfModel(model: string): ReportSubject {
  const dimensions = { model, library: LIBRARY_VERSION, device: deviceClass() };
  return asSubject({ dimensions, baseline: undefined });
}

export function asSubject({ dimensions, baseline }: Omit<ReportSubject, 'key'>): ReportSubject {
  const key = JSON.stringify({ ...dimensions, baseline: baseline?.hash });
  return { key, dimensions, baseline };
}
