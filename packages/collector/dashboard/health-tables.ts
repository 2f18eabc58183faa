import type { FleetAccuracy, VersionAccuracy } from '../src/fleet/accuracy.js';
import type { FleetCanary, GuardrailFigures, RolloutFigures } from '../src/fleet/canary.js';
import type { DistributionDrift, FleetDrift, VersionDrift } from '../src/fleet/drift.js';
import { byId, element } from './element.js';
import {
  formatCompact,
  formatMoment,
  formatPoints,
  formatRate,
  formatShareOf,
  NOTHING,
} from './format.js';
import { measureName } from './health-findings.js';
import { cell, table } from './tables.js';

const WHY_NONE = {
  'no-control': 'No verdict: no install is on the control side.',
  'too-few-devices': 'No verdict: too few devices on one side.',
} as const;

export function showRollouts(canary: FleetCanary | null): void {
  const parts = (canary?.rollouts ?? []).flatMap(rolloutParts);
  const none = canary ? 'No version is rolled out to a part of the devices.' : 'No answer.';
  byId('rollouts').replaceChildren(
    ...(parts.length > 0 ? parts : [element('p', { class: 'quiet' }, none)]),
  );
}

function rolloutParts(rollout: RolloutFigures): HTMLElement[] {
  const { version, devices, sinceMs, guardrails } = rollout;
  const size = `${formatCompact(devices.canary)} and ${formatCompact(devices.control)} devices`;
  const heading = element(
    'p',
    { class: 'verdict', 'data-testid': 'verdict' },
    element('strong', {}, `${version}: ${verdictWords(rollout)}`),
    ` Since ${formatMoment(sinceMs)}, ${size}.`,
  );
  const rows = guardrails.map(guardrailRow);
  if (rows.length === 0) return [heading];
  const columns = ['Measure', 'Canary', 'Control', 'Worse by', 'At least', 'At most', 'Tolerated'];
  return [heading, table(`Rollout of ${version}`, columns, rows, '')];
}

function verdictWords({ verdict }: RolloutFigures): string {
  switch (verdict.verdict) {
    case 'roll-back':
      return 'roll back.';
    case 'promote':
      return 'promote.';
    case 'hold':
      return verdict.times === null
        ? `hold, not sure yet of ${verdict.because.map(measureName).join(', ')}.`
        : `hold, ${Math.ceil(verdict.times)} times as many devices are needed.`;
    case 'none':
      return WHY_NONE[verdict.because];
  }
}

function guardrailRow(figures: GuardrailFigures): HTMLElement[] {
  const { name, margin, canary, control, difference, isJudged } = figures;
  const aside = isJudged ? [] : [' ', element('span', { class: 'aside' }, 'shown alone')];
  return [
    element('th', { scope: 'row' }, measureName(name), ...aside),
    cell(formatShareOf(canary)),
    cell(formatShareOf(control)),
    cell(formatPoints(difference.value)),
    cell(formatPoints(difference.low)),
    cell(formatPoints(difference.high)),
    cell(formatPoints(margin)),
  ];
}

export function showDrift(drift: FleetDrift | null): void {
  const rows = (drift?.versions ?? []).flatMap(driftRows);
  const columns = ['Distribution', 'From its past', 'From the lab', 'Carried by'];
  const none = drift ? 'No version reported.' : 'No answer.';
  byId('drift').replaceChildren(
    table('Drift', columns, rows, none),
    ...noteBelow(
      rows,
      'Population stability index less what chance makes of it. From 0.03 on in two windows running it alarms; ' +
        'a lab never is quite like the field.',
    ),
  );
}

const NO_DRIFT = {
  'no-baseline': 'its baseline is not known: --models',
  'too-few-devices': 'too few devices',
} as const;

function driftRows({ version, missing, distributions }: VersionDrift): HTMLElement[][] {
  if (missing) {
    const name = element('th', { scope: 'row' }, version);
    return [[name, element('td', { colspan: '3', class: 'hidden' }, NO_DRIFT[missing])]];
  }
  return distributions.map((distribution) => driftRow(version, distribution));
}

function driftRow(version: string, distribution: DistributionDrift): HTMLElement[] {
  const { name, windows, fromLab, alarmSinceMs, segments } = distribution;
  const newest = windows.at(-1)?.change;
  const aside = element('span', { class: 'aside' }, version);
  const alarm =
    alarmSinceMs === null
      ? []
      : [' ', element('strong', { class: 'alarm' }, `since ${formatMoment(alarmSinceMs)}`)];
  const [first] = segments.filter(({ share, weight }) => share > weight + 0.1);
  const carrier = first && alarmSinceMs !== null ? `${first.value} ${formatRate(first.share)}` : '';
  return [
    element('th', { scope: 'row' }, `${name} `, aside, ...alarm),
    cell(effect(newest)),
    cell(effect(fromLab)),
    cell(carrier),
  ];
}

function effect(change: { psi: number; expectedPsi: number } | null | undefined): string {
  return change ? Math.max(0, change.psi - change.expectedPsi).toFixed(3) : NOTHING;
}

export function showAccuracy(accuracy: FleetAccuracy | null): void {
  const rows = (accuracy?.versions ?? []).map(accuracyRow);
  const columns = ['Version', 'Estimated', 'By labels', 'Labels', 'Held-out'];
  const none = accuracy ? 'No version reported.' : 'No answer.';
  byId('accuracy').replaceChildren(
    table('Accuracy', columns, rows, none),
    ...noteBelow(
      rows,
      'Estimated from how sure the model is: it cannot see that the same confidence has come to mean less. ' +
        'Labels are weighted to the mix of all runs.',
    ),
  );
}

function accuracyRow(version: VersionAccuracy): HTMLElement[] {
  const { estimated, labelled, offline, missing } = version;
  const name = element('th', { scope: 'row' }, version.version);
  if (missing) return [name, element('td', { colspan: '4', class: 'hidden' }, 'too few devices')];
  return [
    name,
    interval(estimated),
    interval(labelled),
    cell(labelled.n > 0 ? formatCompact(labelled.n) : ''),
    cell(formatRate(offline.value)),
  ];
}

function interval({ value, low, high }: VersionAccuracy['estimated']): HTMLElement {
  const shown = cell(formatRate(value));
  if (value !== null) {
    const range = element('span', { class: 'aside' }, `${formatRate(low)} to ${formatRate(high)}`);
    shown.append(element('br'), range);
  }
  return shown;
}

/** What the columns of a table mean, where it has rows. */
function noteBelow(rows: readonly unknown[], text: string): HTMLElement[] {
  return rows.length > 0 ? [element('p', { class: 'quiet' }, text)] : [];
}
