/** An alert: whom it calls, and what they look at first. Its runbook is `docs/operating/runbooks/<kebab-case>.md`. */
export interface Alert {
  readonly name: string;
  /** A page wakes somebody, a ticket waits for the morning. Some rules of a page are tickets. */
  readonly severity: 'page' | 'ticket';
  /** Who owns the model, or who runs the collector and the pages. */
  readonly team: 'model' | 'infra';
  /** One sentence. Prometheus puts the labels in. */
  readonly summary: string;
}

const VERSION = '{{ $labels.model }} {{ $labels.version }}';

/**
 * All alerts. A difference from the lab's data is none: no finding says when it is too large, so it stays on the
 * dashboard.
 */
export const ALERTS = [
  {
    name: 'NearsideSuccessBurn',
    severity: 'page',
    team: 'model',
    summary: `${VERSION} fails on many devices: look at its error codes, and revoke it if it is new.`,
  },
  {
    name: 'NearsideSuccessBurnSlow',
    severity: 'ticket',
    team: 'model',
    summary: `${VERSION} fails more often than its target allows: look at its error codes.`,
  },
  {
    name: 'NearsideLatencyBurn',
    severity: 'page',
    team: 'model',
    summary: `${VERSION} is far slower than its target: look at which backend and device class changed.`,
  },
  {
    name: 'NearsideLatencyBurnSlow',
    severity: 'ticket',
    team: 'model',
    summary: `${VERSION} is slower than its target: look at which backend and device class carry it.`,
  },
  {
    name: 'NearsideSilence',
    severity: 'page',
    team: 'infra',
    summary:
      'Far fewer devices report {{ $labels.model }} than usual: look at the page and its network.',
  },
  {
    name: 'NearsideRollout',
    severity: 'page',
    team: 'model',
    summary: `The canary ${VERSION} is worse than its control: look at the measures, and revoke it.`,
  },
  {
    name: 'NearsideSuccess',
    severity: 'ticket',
    team: 'model',
    summary: `${VERSION} misses its target for success: look at which part of the fleet carries it.`,
  },
  {
    name: 'NearsideLatency',
    severity: 'ticket',
    team: 'model',
    summary: `${VERSION} misses its target for latency: look at which part of the fleet carries it.`,
  },
  {
    name: 'NearsideDrift',
    severity: 'ticket',
    team: 'model',
    summary: `Inputs or outputs of ${VERSION} have changed: look at which distribution, and where.`,
  },
  {
    name: 'NearsideConcept',
    severity: 'ticket',
    team: 'model',
    summary: `${VERSION} is right less often than its confidence says: look at the newest labels.`,
  },
  {
    name: 'NearsideAccuracy',
    severity: 'page',
    team: 'model',
    summary: `${VERSION} is right less often than its target allows: look at what drifted, and take it back.`,
  },
  {
    name: 'NearsideP99',
    severity: 'ticket',
    team: 'model',
    summary: `More than 1 % of the runs of ${VERSION} miss the target for P99: look at its slow traces.`,
  },
  {
    name: 'NearsideColdStarts',
    severity: 'ticket',
    team: 'model',
    summary: `More runs of ${VERSION} wait for a load than its target allows: look at lost workers and rests.`,
  },
  {
    name: 'NearsideFailedOpens',
    severity: 'ticket',
    team: 'model',
    summary: `${VERSION} often cannot be opened: look at the codes of its opens.`,
  },
  {
    name: 'NearsideQuarantines',
    severity: 'ticket',
    team: 'model',
    summary: `Many devices leave a backend alone with ${VERSION}: look at which backend, and at its code.`,
  },
  {
    name: 'NearsideFailedUpdates',
    severity: 'ticket',
    team: 'model',
    summary: `Many devices could not change to ${VERSION}, or went back: look at the codes of its updates.`,
  },
  {
    name: 'NearsideCost',
    severity: 'ticket',
    team: 'model',
    summary:
      'Devices fetch twice as many bytes of {{ $labels.model }} as in the week before: look at releases and caches.',
  },
  {
    name: 'NearsideCollectorDown',
    severity: 'page',
    team: 'infra',
    summary:
      'No collector answers, so nobody watches its models: look at its process and its network.',
  },
  {
    name: 'NearsideCollectorNotReady',
    severity: 'page',
    team: 'infra',
    summary: 'A collector takes no reports: look at its /readyz, its disk and its database.',
  },
  {
    name: 'NearsideCollectorDisk',
    severity: 'ticket',
    team: 'infra',
    summary:
      'The disk of {{ $labels.instance }} is nearly full: give it room before it refuses reports.',
  },
  {
    name: 'NearsideCollectorRefusedReports',
    severity: 'ticket',
    team: 'infra',
    summary: 'The collector refuses reports: look at which outcome, and at what was released.',
  },
  {
    name: 'NearsideCollectorRefusedFile',
    severity: 'ticket',
    team: 'infra',
    summary:
      'The collector uses an old {{ $labels.file }} file, because the new one is broken: look at its audit log.',
  },
  {
    name: 'NearsideCollectorFoldedNames',
    severity: 'ticket',
    team: 'infra',
    summary:
      'A {{ $labels.kind }} has no row of its own and is counted with others: look at models.json.',
  },
  {
    name: 'NearsideCollectorOldFacts',
    severity: 'ticket',
    team: 'infra',
    summary: 'The file models.json is older than a day: look at the job that writes it.',
  },
  {
    name: 'NearsideCollectorNoLook',
    severity: 'page',
    team: 'infra',
    summary: 'Nobody has looked for findings for 15 minutes: look at the collector and its store.',
  },
] as const satisfies readonly Alert[];

export type AlertName = (typeof ALERTS)[number]['name'];

/** @returns `nearside-silence` for `NearsideSilence`: the runbook's name */
export function runbookName(alert: AlertName): string {
  return alert.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}
