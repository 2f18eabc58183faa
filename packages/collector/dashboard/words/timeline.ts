import type { Finding } from '../../src/findings/findings-of.js';
import type { FleetFindings } from '../../src/fleet/findings.js';
import type { FleetReleases, ReleaseEvent } from '../../src/fleet/releases.js';
import { type Answers, answered } from '../asking/ask.js';
import type { LaneEvent } from '../charts/lane.js';
import { findingWords, writtenFindings } from './findings.js';
import { formatShare } from './format.js';

const BPS = 10_000;

/** Lists the events of a model in order of time, as far as questions are answered. */
export function timelineOf(answers: Answers): LaneEvent[] {
  const written = answered(answers, 'findings');
  return [
    ...releaseEvents(answered(answers, 'releases')),
    ...verdictEvents(written),
    ...findingEvents(written),
  ].sort((a, b) => a.fromMs - b.fromMs);
}

function releaseEvents(releases: FleetReleases | undefined): LaneEvent[] {
  return (releases?.events ?? []).map((event) => ({
    kind: event.state === 'revoked' ? 'back' : 'release',
    fromMs: event.atMs,
    toMs: null,
    text: `${event.version} ${actWords(event)}`,
  }));
}

/** "goes to 5% of devices" */
export function actWords({ state, rollout }: ReleaseEvent): string {
  switch (state) {
    case 'revoked':
      return 'is taken back';
    case 'seen':
      return 'reports for the first time';
    case 'shadow':
      return `runs beside, on ${formatShare(sharedBy(rollout))} of devices`;
    case 'canary':
    case 'stable': {
      const share = sharedBy(rollout);
      return `goes to ${share === 1 ? 'all devices' : `${formatShare(share)} of devices`}`;
    }
  }
}

/** Returns the share of devices that a rollout names, 0 … 1. */
export function sharedBy(rollout: ReleaseEvent['rollout']): number {
  return rollout ? (rollout.toBps - rollout.fromBps) / BPS : 1;
}

/** Advice to take a release back is a finding. The first verdict tells nothing new if it is to wait. */
function verdictEvents(written: FleetFindings | undefined): LaneEvent[] {
  const before = new Map<string, string>();
  return (written?.verdicts ?? []).flatMap(({ version, experiment, atMs, verdict }) => {
    const earlier = before.get(experiment) ?? 'none';
    before.set(experiment, verdict);
    const words = ADVICE[verdict];
    const isSaid = verdict === earlier || (verdict === 'hold' && !ADVICE[earlier]);
    return words && !isSaid
      ? [{ kind: 'verdict', fromMs: atMs, toMs: null, text: `${version}: ${words}` }]
      : [];
  });
}

const ADVICE: Readonly<Record<string, string>> = {
  promote: 'promote it',
  step: 'it may go to more devices',
  hold: 'hold it',
};

function findingEvents(written: FleetFindings | undefined): LaneEvent[] {
  return writtenFindings(written).map(({ kind, beganMs, endedMs, figures }) => {
    const { what, detail } = findingWords(figures);
    return {
      kind: MARKS[kind] ?? 'finding',
      fromMs: beganMs,
      toMs: endedMs ?? Infinity,
      text: detail ? `${what}: ${detail}` : what,
    };
  });
}

const MARKS: { readonly [Id in Finding['id']]?: LaneEvent['kind'] } = {
  rollout: 'verdict',
  silence: 'silence',
};
