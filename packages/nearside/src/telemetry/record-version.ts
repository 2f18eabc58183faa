import type { ModelEmitter } from '../events.js';
import { LIBRARY_VERSION } from '../library-version.js';
import type { OpenPlan } from '../open-options.js';
import type { OpenedVersion } from '../protocol.js';
import type { AvailableBackend } from '../runtime-assets.js';
import { deviceClass } from './device-class.js';
import type { InstallIdentity } from './install-identity.js';
import type { Reporting } from './open-reporting.js';
import { createRecorder, type Recorder } from './recorder.js';
import type { ReportTotals } from './report-totals.js';
import type { Tally } from './tally.js';

/** What all recorders of one open model share. */
export interface RecordingContext {
  readonly plan: OpenPlan;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  /** Since the model was opened, over all its versions. */
  readonly lifetime: Tally;
  readonly totals: ReportTotals;
  /** Not before the first result. */
  readonly loadReporting: () => Promise<Reporting>;
}

/** The recorder of one version on one backend: the dimensions of its reports. */
export function recordVersion(
  { plan, identity, emitter, lifetime, totals, loadReporting }: RecordingContext,
  {
    version,
    variant,
    backend,
  }: { version: OpenedVersion; variant: string; backend: AvailableBackend },
): Recorder {
  const { model, version: name } = version.release;
  return createRecorder({
    target: plan.report,
    lifetime,
    totals,
    loadReporting,
    identity,
    driftEdges: version.driftEdges,
    dimensions: {
      model,
      version: name,
      manifest: version.manifestSha256,
      library: LIBRARY_VERSION,
      variant,
      backend,
      device: deviceClass(),
      arm: version.arm,
    },
    onSent: (id) => emitter.emit('report-sent', { id }),
    onDropped: (id, reason) => emitter.emit('report-dropped', { id, reason }),
  });
}
