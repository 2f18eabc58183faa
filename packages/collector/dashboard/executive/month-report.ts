import { answered } from '../asking/answered.js';
import type { Answers } from '../asking/ask.js';
import type { Table } from '../table/table.js';
import { accuracyTable } from './accuracy-table.js';
import { daysTable } from './calendar.js';
import { costTable } from './cost-table.js';
import { coverageTable } from './coverage-table.js';
import { figuresTable } from './figures-table.js';
import type { Months } from './months.js';
import { releasesTable } from './releases-table.js';
import { sentencesOf } from './sentences.js';

/** A month as it is shown, printed and written as Markdown. */
export interface MonthReport {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly sections: readonly {
    readonly id: string;
    readonly title: string;
    readonly table: Table;
  }[];
}

/** The section that a page draws as a calendar. */
export const CALENDAR = 'calendar';

export function monthReport(answers: Answers, months: Months): MonthReport {
  return {
    title: `${months.model} in ${months.now.name}`,
    sentences: sentencesOf(answers, months),
    sections: [
      { id: CALENDAR, title: 'Days', table: daysTable(answered(answers, 'monthObjectives')) },
      { id: 'month-figures', title: 'The month in figures', table: figuresTable(answers, months) },
      { id: 'month-accuracy', title: 'Right, and worth it', table: accuracyTable(answers) },
      { id: 'month-cost', title: 'Cost', table: costTable(answers, months) },
      {
        id: 'month-coverage',
        title: 'Coverage',
        table: coverageTable(answers),
      },
      { id: 'month-releases', title: 'Releases', table: releasesTable(answers, months) },
    ],
  };
}
