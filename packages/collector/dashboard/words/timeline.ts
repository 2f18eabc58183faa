import { HOUR_MS } from '../../src/counting/time.js';
import type { FleetCanary } from '../../src/fleet/canary.js';
import type { FleetDrift } from '../../src/fleet/drift.js';
import type { FleetReleases, ReleaseEvent } from '../../src/fleet/releases.js';
import type { FleetSilence } from '../../src/fleet/silence.js';
import { type Answers, answered } from '../asking/ask.js';
import type { LaneEvent } from '../charts/lane.js';
import { formatRate } from './format.js';

const BPS = 10_000;

/** Lists the events of a model in order of time, as far as questions are answered. */
export function timelineOf(answers: Answers): LaneEvent[] {
  return [
    ...releaseEvents(answered(answers, 'releases')),
    ...verdictEvents(answered(answers, 'canary')),
    ...alarmEvents(answered(answers, 'drift')),
    ...silenceEvents(answered(answers, 'silence')),
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

/** A verdict is an event when it has changed. */
function verdictEvents(canary: FleetCanary | undefined): LaneEvent[] {
  return (canary?.rollouts ?? []).flatMap(({ version, history }) =>
    history.flatMap(({ atMs, verdict }, i): LaneEvent[] => {
      if (verdict === history[i - 1]?.verdict) return [];
      if (verdict !== 'roll-back' && verdict !== 'promote') return [];
      const text = `${version}: ${verdict === 'promote' ? 'promote it' : 'roll it back'}`;
      return [{ kind: 'verdict', fromMs: atMs, toMs: null, text }];
    }),
  );
}

function alarmEvents(drift: FleetDrift | undefined): LaneEvent[] {
  return (drift?.versions ?? []).flatMap(({ version, windowMs = HOUR_MS, distributions }) =>
    distributions.flatMap(({ name, windows, parts }) => {
      const whole = windows.filter(({ isAlarm }) => isAlarm);
      const part = parts[0];
      const ofPart = (part?.atMs ?? []).filter((atMs) => !whole.some((one) => one.atMs === atMs));
      const eventsOf = (alarms: readonly { readonly atMs: number }[], where: string): LaneEvent[] =>
        stretches(alarms, windowMs).map(({ fromMs, toMs }) => ({
          // an alarm needs two windows in a row, and began with the first
          fromMs: fromMs - windowMs,
          toMs,
          kind: 'alarm',
          text: `what ${version} sees or says${where} has changed: ${name}`,
        }));
      return [
        ...eventsOf(whole, ''),
        ...eventsOf(
          ofPart.map((atMs) => ({ atMs })),
          ` on ${part?.value}`,
        ),
      ];
    }),
  );
}

function silenceEvents(silence: FleetSilence | undefined): LaneEvent[] {
  const silent = (silence?.hours ?? []).filter(({ isSilent }) => isSilent);
  return stretches(silent, HOUR_MS).map((stretch) => ({
    ...stretch,
    kind: 'silence',
    text: 'far fewer devices report than usual',
  }));
}

/** Joins those that follow one another. */
function stretches(
  items: readonly { readonly atMs: number }[],
  lengthMs: number,
): { fromMs: number; toMs: number }[] {
  const found: { fromMs: number; toMs: number }[] = [];
  for (const { atMs } of items) {
    const last = found.at(-1);
    if (last && last.toMs >= atMs) last.toMs = atMs + lengthMs;
    else found.push({ fromMs: atMs, toMs: atMs + lengthMs });
  }
  return found;
}
