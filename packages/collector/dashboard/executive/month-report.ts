import { type Answers, answered, Unanswered } from '../asking/ask.js';
import type { QuestionName } from '../asking/questions.js';
import type { Table } from '../table/table.js';
import { accuracyTable } from './accuracy-table.js';
import { daysTable } from './calendar.js';
import { costTable } from './cost-table.js';
import { coverageTable } from './coverage-table.js';
import { figuresTable } from './figures-table.js';
import { findingsTable } from './findings-table.js';
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

type Section = readonly [id: string, title: string, needs: QuestionName, table: () => Table];

export function monthReport(answers: Answers, months: Months): MonthReport {
  const objectives = answered(answers, 'monthObjectives');
  const isEmpty = answered(answers, 'month')?.total.reports === 0;
  const figures: Section[] = [
    [CALENDAR, 'Days', 'monthObjectives', () => daysTable(objectives)],
    ['month-figures', 'The month in figures', 'month', () => figuresTable(answers, months)],
    ['month-cost', 'Cost', 'monthCost', () => costTable(answers, months)],
    ['month-accuracy', 'Accuracy and outcomes', 'monthAccuracy', () => accuracyTable(answers)],
    ['month-coverage', 'Coverage', 'monthCoverage', () => coverageTable(answers)],
  ];
  const sections: Section[] = [
    ...(isEmpty ? [] : figures),
    ['month-findings', 'Findings', 'monthFindings', () => findingsTable(answers, months)],
    ['month-releases', 'Releases', 'monthReleases', () => releasesTable(answers, months.now)],
  ];
  return {
    title: `${months.model} in ${months.now.name}${months.now.soFar}`,
    sentences: sentencesOf(answers, months),
    sections: sections.map(([id, title, needs, table]) => ({
      id,
      title,
      table: unanswered(answers[needs]) ?? table(),
    })),
  };
}

/** Makes the words in place of a table that is not known. */
function unanswered(answer: Answers[QuestionName]): Table | undefined {
  if (answer === undefined) return { columns: [], rows: [], none: 'Loading…' };
  if (answer instanceof Unanswered) return { columns: [], rows: [], none: answer.message };
  return undefined;
}
