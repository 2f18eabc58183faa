import { compareVersions } from '../../src/fleet/compare-versions.js';
import { verdictName } from '../../src/fleet/findings.js';
import type { FleetLatency } from '../../src/fleet/latency.js';
import type { FleetReleases, ReleaseEvent } from '../../src/fleet/releases.js';
import type { VersionService } from '../../src/fleet/service.js';
import { type Answers, answered } from '../asking/ask.js';
import { REST_COLOR, versionColors } from '../charts/version-colors.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, figure, number, text } from '../table/table.js';
import {
  formatCompact,
  formatDuration,
  formatMoment,
  formatRate,
  formatShare,
  formatVersion,
  NOTHING,
} from '../words/format.js';
import { lastVerdict, plansWords, reasonWords, TO_DO, timeNeeded } from '../words/rollouts.js';
import { actWords, sharedBy } from '../words/timeline.js';

const COLUMNS = [
  'Version',
  'State',
  'Of devices',
  'Last act',
  'Verdict',
  'Time needed',
  'Runs',
  'Success',
  'P95',
  'Cold starts',
  'Error-free',
];

const NOTE =
  'Of devices: those that the version served on the newest day. Cold starts: runs that waited for a load. ' +
  'Error-free: device-days without a failed call, of installs that a rollout put on the version.';

/** Cells of words and of numbers that are not there. */
const UNSAID = text('', { value: null });
const UNKNOWN = number(null, String);

/** A fleet can have a hundred versions. */
const SHOWN_VERSIONS = 10;
/** A folded panel sums up so many. */
const SUMMED_UP = 3;

/** Shows what is out and to how many devices, what was done last, the verdict, and how each version does. */
export const versionsPanel = tablePanel({
  id: 'versions',
  title: 'Versions',
  isWide: true,
  gist: ({ rows }) =>
    rows
      .slice(0, SUMMED_UP)
      .map((cells) =>
        [0, 1, 4]
          .map((i) => cells[i]?.text)
          .filter(Boolean)
          .join(', '),
      )
      .join('; '),
  needs: ['latency'],
  table: ({ latency }, { answers }) => {
    const { events, over } = answered(answers, 'releases') ?? { events: [], over: [] };
    const service = answered(answers, 'service')?.versions ?? [];
    const canary = answered(answers, 'canary');
    const colors = versionColors(latency);
    const { suppressed, minDevices } = latency;
    const hidden =
      suppressed > 0 &&
      `${suppressed} of the groups by version, device class and backend are hidden: they have too few devices (${minDevices}).`;
    return {
      columns: COLUMNS,
      shownRows: SHOWN_VERSIONS,
      rows: versionsIn(latency, events).map((version) => {
        const own = (one: { readonly version: string }) => one.version === version;
        const seen = latency.versions.find(own);
        const isHidden = seen?.count === 0 && seen.suppressed > 0;
        return [
          text(formatVersion(version), {
            color: colors.get(version) ?? REST_COLOR,
            ...(isHidden && { aside: 'hidden' }),
          }),
          text(stateWords(version, { events, over })),
          number(seen?.adoption, formatRate),
          actCell(events.findLast(own)),
          ...verdictCells(version, answers),
          number(isHidden ? null : seen?.count, (n) => formatCompact(n ?? 0)),
          ...serviceCells(service.find(own)),
        ];
      }),
      none: 'No version reported in this range.',
      note: [canary && plansWords(canary), [NOTE, hidden].filter(Boolean).join(' ')]
        .filter(Boolean)
        .join('\n\n'),
    };
  },
});

/** Lists the versions that reported or were released, the newest first. */
function versionsIn({ versions }: FleetLatency, events: readonly ReleaseEvent[]): string[] {
  const names = [...versions, ...events].map(({ version }) => version);
  return [...new Set(names)].sort((a, b) => compareVersions(b, a));
}

function stateWords(
  version: string,
  { events, over }: Pick<FleetReleases, 'events' | 'over'>,
): string {
  const last = new Map(events.map((event) => [event.version, event]));
  const act = last.get(version);
  if (!act || act.state === 'seen') return 'not known';
  if (act.state === 'revoked') return 'taken back';
  if (over.includes(version)) return 'canary, over';
  const isShadow = act.state === 'shadow';
  const isReplaced = [...last.values()].some(
    (one) =>
      compareVersions(one.version, version) > 0 &&
      ((one.state === 'stable' && !one.rollout) || (isShadow && one.state === 'shadow')),
  );
  if (isShadow) {
    return isReplaced ? 'shadow, over' : `shadow at ${formatShare(sharedBy(act.rollout))}`;
  }
  if (isReplaced) return 'replaced';
  return act.rollout ? `canary at ${formatShare(sharedBy(act.rollout))}` : 'for all';
}

function actCell(act: ReleaseEvent | undefined): Cell {
  if (!act) return UNSAID;
  const words = actWords(act);
  const at = new Date(act.atMs).toISOString();
  return text(words, { aside: formatMoment(act.atMs), value: `${at} ${words}` });
}

/** A rollout that is over has the last verdict of its time. */
function verdictCells(version: string, answers: Answers): Cell[] {
  const canary = answered(answers, 'canary');
  const rollout = canary?.rollouts.find((one) => one.version === version);
  if (!canary || !rollout) return [UNSAID, UNKNOWN];
  const written = lastVerdict(answered(answers, 'findings'), rollout);
  const name = verdictName(rollout);
  const verdict = rollout.isOver
    ? text(TO_DO[written?.verdict ?? name] ?? '')
    : text(TO_DO[name] ?? '', {
        aside: reasonWords(rollout, canary),
        ...(name === 'roll-back' && { tone: 'alarm' }),
      });
  const hours = 'hours' in rollout.verdict ? rollout.verdict.hours : null;
  return [verdict, text(timeNeeded(rollout) || NOTHING, { value: hours })];
}

function serviceCells(known: VersionService | undefined): Cell[] {
  if (!known) return [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN];
  const { success, p95Ms, coldStarts, errorFreeDevices } = known;
  return [
    figure(success, formatRate),
    figure(p95Ms, formatDuration),
    figure(coldStarts, formatRate),
    figure(errorFreeDevices, formatRate),
  ];
}
