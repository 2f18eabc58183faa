import type { Targets } from '../files/targets.js';
import { FEWEST_DEVICES, FEWEST_EVENTS } from '../statistics/figure.js';
import { numberText } from './burn-rates.js';
import type { Condition } from './rule.js';
import { targetGroups } from './target-groups.js';

/** Shares and sizes from which a ticket is made, where slo.json has no target. */
const TICKETS = Object.freeze({
  missedP99: 0.01,
  failedOpens: 0.05,
  /** Quarantines ÷ devices of the day. */
  quarantines: 0.05,
  failedUpdates: 0.1,
  /** Bytes of a week ÷ bytes of the week before. */
  cost: 2,
  /** Less costs nobody anything. */
  fewestBytes: 1e9,
});

/** Alerts that say what the collector found, and compute nothing again. */
export function findingAlerts(): Condition[] {
  const open = (kind: string) =>
    `max by (job, model, version) (nearside_finding{kind="${kind}"}) == 1`;
  const hasChanged = `max by (job, model, version) (nearside_finding{kind=~"drift|concept"}) == 1`;
  // a collector that restarts ends no alert
  const kept = { keep_firing_for: '5m' };
  return [
    { alert: 'NearsideSilence', expr: open('silence'), ...kept },
    { alert: 'NearsideRollout', expr: open('rollout'), ...kept },
    { alert: 'NearsideSuccess', expr: open('success'), ...kept },
    { alert: 'NearsideLatency', expr: open('latency'), ...kept },
    { alert: 'NearsideDrift', expr: open('drift'), ...kept },
    { alert: 'NearsideBaseline', expr: open('baseline'), ...kept },
    { alert: 'NearsideConcept', expr: open('concept'), ...kept },
    {
      alert: 'NearsideAccuracy',
      expr: `${open('accuracy')}\nand ${hasChanged}`,
      ...kept,
    },
    {
      alert: 'NearsideAccuracy',
      severity: 'ticket',
      expr: `${open('accuracy')}\nunless ${hasChanged}`,
      ...kept,
    },
  ];
}

/** Alerts on what the collector judges nowhere. */
export function shareAlerts(targets: Targets): Condition[] {
  return [
    {
      alert: 'NearsideP99',
      expr: overBoth((window) => {
        return `1 - ${grown('within_p99', window)} / ${grown('ok', window)} > ${TICKETS.missedP99}`;
      }, 'ok'),
    },
    { alert: 'NearsideColdStarts', expr: coldStarts(targets) },
    {
      alert: 'NearsideFailedOpens',
      expr: `${overDay('failed_opens', 'opens', TICKETS.failedOpens)}\nand ${grown('failed_opens', '1d')} >= ${FEWEST_DEVICES}`,
    },
    {
      alert: 'NearsideQuarantines',
      expr: `${overDay('quarantines', 'devices', TICKETS.quarantines)}\nand ${grown('quarantines', '1d')} >= ${FEWEST_DEVICES}`,
    },
    {
      alert: 'NearsideFailedUpdates',
      expr: `${overDay('failed_updates', 'updates', TICKETS.failedUpdates)}\nand ${grown('failed_updates', '1d')} >= ${FEWEST_DEVICES}`,
    },
    { alert: 'NearsideCost', expr: cost() },
  ];
}

function grown(name: string, window: string): string {
  return `increase(nearside:${name}:total[${window}])`;
}

function overDay(part: string, whole: string, most: number): string {
  return `${grown(part, '1d')} / ${grown(whole, '1d')} > ${most}`;
}

/** It is so over a day, and still over the last hours of it, in runs enough. */
function overBoth(conditionOver: (window: string) => string, whole: string): string {
  const enough = `${grown(whole, '6h')} >= ${FEWEST_EVENTS}`;
  return `${conditionOver('1d')}\nand ${conditionOver('6h')}\nand ${enough}`;
}

function coldStarts(targets: Targets): string {
  const groups = targetGroups(targets, ({ coldStartShare }) => coldStartShare);
  return groups
    .map(({ target, matcher }) =>
      overBoth((window) => {
        const [cold, ok] = ['cold', 'ok'].map(
          (name) => `increase(nearside:${name}:total${matcher}[${window}])`,
        );
        return `${cold} / ${ok} > ${numberText(target)}`;
      }, 'ok'),
    )
    .join('\nor\n');
}

/**
 * Prices are the same in both weeks, so the bytes that they are paid for say how much dearer a model became. Both weeks
 * need to have been seen.
 */
function cost(): string {
  const bytes = 'nearside:fetched_bytes:total';
  const week = `increase(${bytes}[7d])`;
  const before = `increase(${bytes}[7d] offset 7d)`;
  return `${week} > ${TICKETS.cost} * ${before}\nand ${week} >= ${TICKETS.fewestBytes}\nand ${bytes} offset 14d`;
}
