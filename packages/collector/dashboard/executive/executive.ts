import { type Answers, answered } from '../asking/ask.js';
import type { QuestionName } from '../asking/questions.js';
import { copyOnClick } from '../copy-button.js';
import { element } from '../element.js';
import { type Moment, monthKey, monthOf, monthsOn } from '../state/moment.js';
import type { PageState } from '../state/page-state.js';
import { csvOf, download } from '../table/csv.js';
import { markdownOf } from '../table/markdown.js';
import { tableElement } from '../table/table-element.js';
import { calendarElement } from './calendar.js';
import { CALENDAR, type MonthReport, monthReport } from './month-report.js';
import { monthsOf } from './months.js';

/** These questions tell how the month was. */
export const EXECUTIVE_QUESTIONS: readonly QuestionName[] = [
  'month',
  'monthCost',
  'monthObjectives',
  'monthFindings',
  'monthReleases',
  'monthDeliveries',
  'monthCoverage',
  'monthAccuracy',
  'monthBefore',
  'monthObjectivesBefore',
  'monthCostBefore',
  'monthAccuracyBefore',
  'monthCoverageBefore',
  'monthFindingsBefore',
  'monthDeliveriesBefore',
];

export interface ExecutiveView {
  readonly element: HTMLElement;
  show(moment: Moment, answers: Answers): void;
}

/** Makes a page to print, and the same as Markdown. */
export function createExecutiveView(choose: (change: Partial<PageState>) => void): ExecutiveView {
  const page = element('article', { class: 'report', 'data-testid': 'report' });
  const earlier = button('‹ Month before');
  const later = button('Month after ›');
  const copy = button('Copy as Markdown');
  const save = button('Markdown file');
  const print = button('Print');
  const acts = element('div', { class: 'acts' }, earlier, later, copy, save, print);
  let newest: { moment: Moment; report: MonthReport } | undefined;
  let shown = '';

  const go = (months: number) => {
    if (!newest) return;
    const key = monthsOn(monthOf(newest.moment).key, months);
    const [first, last] = monthsWithData(newest.moment);
    const [, nearest = key] = [first, key, last].sort();
    choose({ month: nearest });
  };
  earlier.addEventListener('click', () => go(-1));
  later.addEventListener('click', () => go(1));
  print.addEventListener('click', () => window.print());
  save.addEventListener('click', () => {
    if (!newest) return;
    const { moment, report } = newest;
    download(`${moment.model}-${monthOf(moment).key}.md`, 'text/markdown', reportMarkdown(report));
  });
  const markdown = () => newest && reportMarkdown(newest.report);
  copyOnClick(copy, markdown, 'Not allowed here: use the file');

  return {
    element: element('div', {}, acts, page),
    show(moment, answers) {
      const report = monthReport(answers, monthsOf(moment));
      newest = { moment, report };
      const [first, last] = monthsWithData(moment);
      earlier.disabled = monthOf(moment).key <= first;
      later.disabled = monthOf(moment).key >= last;
      const isWhole = EXECUTIVE_QUESTIONS.every((name) => answers[name] !== undefined);
      // a report without all answers must not be copied, saved or printed
      for (const act of [copy, save, print]) act.disabled = !isWhole;
      const next = JSON.stringify([report, answered(answers, 'monthObjectives')]);
      if (next === shown) return;
      shown = next;
      copy.replaceChildren('Copy as Markdown');
      page.replaceChildren(...reportElements(report, moment, answers));
    },
  };
}

function monthsWithData({ seen }: Moment): [first: string, last: string] {
  return [monthKey(seen.fromMs), monthKey(seen.toMs)];
}

function button(words: string): HTMLButtonElement {
  return element('button', { type: 'button' }, words);
}

function reportElements(
  { title, sentences, sections }: MonthReport,
  moment: Moment,
  answers: Answers,
): HTMLElement[] {
  const objectives = answered(answers, 'monthObjectives');
  const summary =
    sentences.length > 0
      ? sentences.map((words) => element('p', {}, words))
      : [element('p', { class: 'quiet' }, 'Loading…')];
  const drawn = sections.map((section) =>
    sectionElement(
      section,
      section.id === CALENDAR && objectives
        ? [calendarElement(objectives, monthOf(moment))]
        : tableElement(section.title, section.table),
      moment,
    ),
  );
  return [
    element('h1', {}, title),
    element('div', { class: 'summary', 'data-testid': 'summary' }, ...summary),
    element('div', { class: 'panels' }, ...drawn),
  ];
}

function sectionElement(
  { id, title, table }: MonthReport['sections'][number],
  body: readonly HTMLElement[],
  moment: Moment,
): HTMLElement {
  const csv = element(
    'button',
    { type: 'button', class: 'csv', 'aria-label': `${title} as CSV` },
    'CSV',
  );
  csv.addEventListener('click', () =>
    download(`${moment.model}-${id}-${monthOf(moment).key}.csv`, 'text/csv', csvOf(table)),
  );
  csv.hidden = table.rows.length === 0;
  const isNarrow = [CALENDAR, 'month-figures', 'month-cost'].includes(id);
  return element(
    'section',
    { class: isNarrow ? 'card' : 'card wide', id, 'aria-labelledby': `${id}-title` },
    element('header', {}, element('h2', { id: `${id}-title` }, title), csv),
    ...body,
  );
}

/** Writes the report as Markdown, for a mail or a wiki. */
export function reportMarkdown({ title, sentences, sections }: MonthReport): string {
  const tables = sections.map((section) => `## ${section.title}\n\n${markdownOf(section.table)}`);
  return `${[`# ${title}`, sentences.join('\n\n'), ...tables].join('\n\n')}\n`;
}
