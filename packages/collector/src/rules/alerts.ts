/** An alert: whom it calls, and what they look at first. Its runbook is `docs/operating/runbooks/<kebab-case>.md`. */
export interface Alert {
  readonly name: AlertName;
  /** A page wakes somebody, a ticket waits for the morning. Some rules of a page are tickets. */
  readonly severity: 'page' | 'ticket';
  /** Who owns the model, or who runs the collector and the pages. */
  readonly team: 'model' | 'infra';
  /** One sentence. Prometheus puts the labels in. */
  readonly summary: string;
}

const VERSION = '{{ $labels.model }} {{ $labels.version }}';

const PAGES_OF_MODEL = {
  NearsideSuccessBurn: `${VERSION} fails on many devices: look at its error codes, and revoke it if it is new.`,
  NearsideLatencyBurn: `${VERSION} is far slower than its target: look at which backend and device class changed.`,
  NearsideRollout: `The canary ${VERSION} is worse than its control: look at the measures, and revoke it.`,
  NearsideAccuracy: `${VERSION} is right less often than its target allows: look at what drifted, and take it back.`,
};

const TICKETS_OF_MODEL = {
  NearsideSuccessBurnSlow: `${VERSION} fails more often than its target allows: look at its error codes.`,
  NearsideLatencyBurnSlow: `${VERSION} is slower than its target: look at which backend and device class carry it.`,
  NearsideSuccess: `${VERSION} misses its target for success: look at which part of the fleet carries it.`,
  NearsideLatency: `${VERSION} misses its target for latency: look at which part of the fleet carries it.`,
  NearsideDrift: `Inputs or outputs of ${VERSION} have changed: look at which distribution, and where.`,
  NearsideBaseline: `Inputs or outputs of ${VERSION} are far from the lab's: look at which distribution, and whether it is still right.`,
  NearsideConcept: `${VERSION} is right less often than its confidence says: look at the newest labels.`,
  NearsideP99: `More than 1 % of the runs of ${VERSION} miss the target for P99: look at its slow traces.`,
  NearsideColdStarts: `More runs of ${VERSION} wait for a load than its target allows: look at lost workers and rests.`,
  NearsideFailedOpens: `${VERSION} often cannot be opened: look at the codes of its opens.`,
  NearsideQuarantines: `Many devices leave a backend alone with ${VERSION}: look at which backend, and at its code.`,
  NearsideFailedUpdates: `Many devices could not change to ${VERSION}, or went back: look at the codes of its updates.`,
  NearsideCost:
    'Devices fetch twice as many bytes of {{ $labels.model }} as in the week before: look at releases and caches.',
};

const PAGES_OF_INFRA = {
  NearsideSilence:
    'Far fewer devices report {{ $labels.model }} than usual: look at the page and its network.',
  NearsideCollectorDown:
    'No collector answers, so nobody watches its models: look at its process and its network.',
  NearsideCollectorNotReady:
    'A collector takes no reports: look at its /readyz, its disk and its database.',
  NearsideCollectorNoLook:
    'Nobody has looked for findings for 15 minutes: look at the collector and its store.',
};

const TICKETS_OF_INFRA = {
  NearsideCollectorDisk:
    'The disk of {{ $labels.instance }} is nearly full: give it room before it refuses reports.',
  NearsideCollectorRefusedReports:
    'The collector refuses reports: look at which outcome, and at what was released.',
  NearsideCollectorRefusedFile:
    'The collector uses an old {{ $labels.file }} file, because the new one is broken: look at its audit log.',
  NearsideCollectorUnreadableRows:
    'The collector could not count {{ $value }} rows of acknowledged reports and has set them aside: look at its log.',
  NearsideCollectorFoldedNames:
    'A {{ $labels.kind }} has no row of its own and is counted with others: look at models.json.',
  NearsideCollectorOldFacts:
    'What models.json says was verified over a day ago: look at the job that writes it.',
};

export type AlertName =
  | keyof typeof PAGES_OF_MODEL
  | keyof typeof TICKETS_OF_MODEL
  | keyof typeof PAGES_OF_INFRA
  | keyof typeof TICKETS_OF_INFRA;

export const ALERTS: readonly Alert[] = [
  ...alertsOf('page', 'model', PAGES_OF_MODEL),
  ...alertsOf('page', 'infra', PAGES_OF_INFRA),
  ...alertsOf('ticket', 'model', TICKETS_OF_MODEL),
  ...alertsOf('ticket', 'infra', TICKETS_OF_INFRA),
];

function alertsOf(
  severity: Alert['severity'],
  team: Alert['team'],
  summaries: Readonly<Partial<Record<AlertName, string>>>,
): Alert[] {
  const names = Object.keys(summaries) as AlertName[];
  return names.map((name) => ({ name, severity, team, summary: summaries[name] ?? '' }));
}

/** @returns `nearside-silence` for `NearsideSilence`: the runbook's name */
export function runbookName(alert: AlertName): string {
  return alert.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}
