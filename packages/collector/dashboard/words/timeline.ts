import type { Finding } from '../../src/findings/findings.js';
import type { FleetFindings } from '../../src/fleet/findings.js';
import type { FleetReleases, ReleaseEvent } from '../../src/fleet/releases.js';
import { type Answers, answered } from '../asking/ask.js';
import type { LaneEvent } from '../charts/lane.js';
import { findingWords, writtenFindings } from './findings.js';
import { formatRate } from './format.js';

const BPS = 10_000;

/** Lists the events of a model in order of time, as far as questions are answered. */
export function timelineOf(answers: Answers): LaneEvent[] {
  const written = answered(answers, 'findings');
  return [
    ...releaseEvents(answered(answers, 'releases')),
    ...promoteEvents(written),
    ...findingEvents(written),
  ].sort((a, b) => a.fromMs - b.fromMs);
}

function releaseEvents(releases: FleetReleases | undefined): LaneEvent[] {
  return (releases?.events ?? []).map((event) => ({
    kind: event.state === 'canary' ? 'rollout' : 'release',
    fromMs: event.atMs,
    toMs: null,
    text: releaseWords(event),
  }));
}

/** "1.1.0 goes to 5% of devices" */
export function releaseWords({ version, state, rollout }: ReleaseEvent): string {
  switch (state) {
    case 'revoked':
      return `${version} is taken back`;
    case 'seen':
      return `${version} reports for the first time`;
    case 'canary':
    case 'stable': {
      const share = rollout ? (rollout.toBps - rollout.fromBps) / BPS : 1;
      return `${version} goes to ${share === 1 ? 'all devices' : `${formatRate(share)} of devices`}`;
    }
  }
}

/** Advice to take a release back is a finding. */
function promoteEvents(written: FleetFindings | undefined): LaneEvent[] {
  return (written?.verdicts ?? [])
    .filter(({ verdict }) => verdict === 'promote')
    .map(({ version, atMs }) => ({
      kind: 'verdict',
      fromMs: atMs,
      toMs: null,
      text: `${version}: promote it`,
    }));
}

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
