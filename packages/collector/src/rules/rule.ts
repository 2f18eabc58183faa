import { ALERTS, type Alert, type AlertName, runbookName } from './alerts.js';

/** A rule of Prometheus, as its file has it. */
export type Rule = Recording | Alerting;

export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export interface Alerting {
  readonly alert: AlertName;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: { readonly severity: Alert['severity']; readonly team: Alert['team'] };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

export interface Group {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Rule[];
}

/** When an alert fires. */
export interface Condition {
  readonly alert: AlertName;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  /** Where it is not that of the alert. */
  readonly severity?: Alert['severity'];
}

/** Says where a runbook is, by its name. */
export type RunbookAddress = (name: string) => string;

export function alerting(
  { severity, ...condition }: Condition,
  runbookAt: RunbookAddress,
): Alerting {
  const alert = ALERTS.find(({ name }) => name === condition.alert) as Alert;
  return {
    ...condition,
    labels: { severity: severity ?? alert.severity, team: alert.team },
    annotations: {
      summary: alert.summary,
      runbook_url: runbookAt(runbookName(condition.alert)),
    },
  };
}
