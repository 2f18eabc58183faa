import type { DeviceSpeed } from '../../src/fleet/speed.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, figure, number, text } from '../table/table.js';
import { formatDuration, NOTHING_RAN } from '../words/format.js';
import { slowerWords, speedWords } from '../words/speed.js';

/** Shows each release on each class of devices beside the earlier release that most results are of. */
export const speedPanel = tablePanel({
  id: 'speed',
  title: 'Speed by release and device',
  aside: 'large: half of the runs within; small: 95 of 100',
  isWide: true,
  needs: ['speed'],
  table: ({ speed }) => {
    const classes = [
      ...new Set(speed.versions.flatMap(({ devices }) => devices.map(({ device }) => device))),
    ];
    return {
      columns: ['Release', ...classes.map((device) => device || 'not known')],
      rows:
        speed.versions.length === 0
          ? []
          : [
              [text(speedWords(speed), { tone: slowerWords(speed) ? 'alarm' : 'quiet' })],
              ...speed.versions.map((release): Cell[] => [
                text(release.version, {
                  ...(release.against && { aside: `beside ${release.against}` }),
                }),
                ...classes.map((device) =>
                  speedCell(release.devices.find((one) => one.device === device)),
                ),
              ]),
            ],
      // the sentence, and ten releases
      shownRows: 11,
      asideName: 'Beside',
      none: NOTHING_RAN,
      note: 'Runs count, not devices: one that runs very often, or lies, can make a release look slow here.',
    };
  },
});

function speedCell(speed: DeviceSpeed | undefined): Cell {
  if (!speed) return number(null, formatDuration);
  const { p50Ms, p95Ms, isSlower } = speed;
  return {
    ...figure(p50Ms, formatDuration),
    aside: formatDuration(p95Ms.value),
    ...(isSlower && { tone: 'alarm' as const }),
  };
}
