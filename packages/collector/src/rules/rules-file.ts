import { Document } from 'yaml';
import type { Targets } from '../files/targets.js';
import { burnPages, burnTickets, fastShares, loweredFactors, slowShares } from './burn-rates.js';
import { collectorAlerts } from './collector-alerts.js';
import { counterRecordings } from './counters.js';
import { findingAlerts, shareAlerts } from './model-alerts.js';
import { alerting, type Condition, type Group, type RunbookAddress } from './rule.js';

/**
 * Makes the rules of a Prometheus that scrapes collectors.
 *
 * @param url the collector's
 * @param runbookAt by default the collector serves the runbooks
 */
export function ruleGroups(
  targets: Targets,
  url: string,
  runbookAt: RunbookAddress = (name) => `${url}/runbooks/${name}`,
): Group[] {
  const alerts = (conditions: readonly Condition[]) =>
    conditions.map((condition) => alerting(condition, runbookAt));
  return [
    {
      name: 'nearside',
      interval: '30s',
      rules: [
        ...counterRecordings(),
        ...fastShares(),
        ...alerts([...burnPages(targets), ...findingAlerts()]),
      ],
    },
    {
      name: 'nearside-slow',
      // windows of days change slowly; a series that is five minutes old is gone
      interval: '3m',
      rules: [...slowShares(), ...alerts([...burnTickets(targets), ...shareAlerts(targets)])],
    },
    { name: 'nearside-collector', interval: '30s', rules: alerts(collectorAlerts()) },
  ];
}

/** Writes the rules as Prometheus reads them. */
export function rulesFile(targets: Targets, url: string, runbookAt?: RunbookAddress): string {
  const document = new Document({ groups: ruleGroups(targets, url, runbookAt) });
  document.commentBefore = [
    'Made by `nearside-collector rules`. Make it again where slo.json changes.',
    ...loweredFactors(targets),
  ]
    .map((line) => ` ${line}`)
    .join('\n');
  return document.toString({ lineWidth: 0 });
}
