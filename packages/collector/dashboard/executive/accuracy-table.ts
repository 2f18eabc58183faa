import type { FleetAccuracy, VersionAccuracy } from '../../src/fleet/accuracy.js';
import { type Answers, answered } from '../asking/ask.js';
import { type Cell, figure, number, type Table, text } from '../table/table.js';
import { formatRate, formatShareOf } from '../words/format.js';
import { monthBeforeOf } from './months.js';

const shareOf = (value: number | null | undefined) => formatShareOf(value ?? null);

/** Tells how often each release was right, and its outcomes. */
export function accuracyTable(answers: Answers): Table {
  const now = answered(answers, 'monthAccuracy');
  const before = monthBeforeOf(answers) && answered(answers, 'monthAccuracyBefore');
  const outcomes = outcomeNames(now);
  return {
    columns: [
      'Release',
      'Right, estimated',
      'Right, by labels',
      'Held-out',
      ...outcomes,
      ...(before ? ['By labels a month before'] : []),
    ],
    rows: (now?.versions ?? []).map((version): Cell[] => {
      if (version.missing) return [text(`${version.version}: too few devices`, { tone: 'quiet' })];
      const earlier = before?.versions.find((one) => one.version === version.version);
      return [
        text(version.version),
        figure(version.estimated, formatRate),
        figure(version.labelled, formatRate),
        figure(version.offline, formatRate),
        ...outcomes.map((name) => outcomeCell(version, name)),
        ...(before
          ? [earlier ? figure(earlier.labelled, formatRate) : number(null, formatRate)]
          : []),
      ];
    }),
    none: 'No version reported in this month.',
  };
}

function outcomeNames(accuracy: FleetAccuracy | undefined): string[] {
  const names = (accuracy?.versions ?? []).flatMap(({ outcomes }) =>
    outcomes.map(({ name }) => name),
  );
  return [...new Set(names)];
}

function outcomeCell({ outcomes }: VersionAccuracy, wanted: string): Cell {
  const found = outcomes.find(({ name }) => name === wanted);
  return found ? figure(found.mean, shareOf) : number(null, shareOf);
}
