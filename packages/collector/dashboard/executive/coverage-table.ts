import { type Answers, answered } from '../asking/ask.js';
import { figure, number, type Table, text } from '../table/table.js';
import { formatRate } from '../words/format.js';
import { monthBeforeOf } from './months.js';

/** Tells which versions devices have, and which they should have. */
export function coverageTable(answers: Answers): Table {
  const before = monthBeforeOf(answers) && answered(answers, 'monthCoverageBefore');
  return {
    columns: [
      'Release',
      'Of devices',
      ...(before ? ['Month before'] : []),
      'Target',
      'Of target',
      'State',
    ],
    rows: (answered(answers, 'monthCoverage')?.versions ?? []).map(
      ({ version, adoption, target, coverage: reached, state }) => [
        text(version),
        figure(adoption, formatRate),
        ...(before
          ? [
              number(
                before.versions.find((one) => one.version === version)?.adoption.value,
                formatRate,
              ),
            ]
          : []),
        number(target, formatRate),
        number(reached, formatRate),
        text(state ?? 'not known'),
      ],
    ),
    none: 'On the newest day no version was on enough devices to be shown.',
  };
}
