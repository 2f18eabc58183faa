import { QUESTIONS } from '../asking/questions.js';
import { type ChartData, createTimeChart } from '../charts/time-chart.js';
import { element } from '../element.js';
import { remember, remembered } from '../tab-memory.js';
import type { Table } from '../table/table.js';
import { tableElement } from '../table/table-element.js';
import { formatSeconds } from '../words/format.js';
import {
  answersFor,
  type Drawing,
  type Panel,
  type PanelActs,
  type PanelContext,
} from './panel.js';

export interface Card {
  readonly element: HTMLElement;
  /** @returns the table where all is answered and it has no row */
  show(context: PanelContext): Table | undefined;
}

/** Marks a body that holds a drawing. */
const DRAWN = 'drawn';

/**
 * Puts a panel on the page: its heading, its CSV, and its body as soon as its questions are answered. Folded, it has a
 * line of what is inside.
 */
export function createCard(
  panel: Panel,
  acts: PanelActs,
  { isFolded }: { isFolded: boolean },
): Card {
  const { id, title, aside, isWide } = panel;
  const csv = csvButton(panel, () => newest);
  const heading = element('h2', { id: `${id}-title` }, title);
  const whole = element('small', { hidden: '' }, 'whole fleet');
  if (aside) heading.append(' ', element('small', {}, aside));
  heading.append(' ', whole);
  const gist = element('p', { class: 'gist' });
  const body = element('div', { class: 'body' });
  const why = new Text();
  const retry = element('button', { type: 'button' }, 'Try again');
  retry.addEventListener('click', acts.retry);
  const trouble = element('p', { class: 'trouble', hidden: '' }, why, retry);
  const summary = element('summary', {}, heading, gist);
  const details = element('details', {}, summary, body, trouble);
  const card = element(
    'section',
    { class: isWide ? 'card wide' : 'card', id, 'aria-labelledby': `${id}-title` },
    details,
    csv,
  );
  const kept = remembered(`fold ${id}`);
  details.open = kept ? kept === 'open' : !isFolded;
  summary.addEventListener('click', () => {
    remember(`fold ${id}`, details.open ? 'folded' : 'open');
  });
  const isNarrowed = panel.needs.some((name) => QUESTIONS[name].isFiltered);
  let drawing: Drawing | undefined;
  let content: string | undefined;
  let newest: PanelContext | undefined;

  return {
    element: card,
    show(context) {
      try {
        return showPanel(context);
      } catch (error) {
        // one panel that fails must not take the others with it
        csv.hidden = true;
        say(`This panel failed: ${error instanceof Error ? error.message : error}`);
        return undefined;
      }
    },
  };

  function showPanel(context: PanelContext): Table | undefined {
    newest = context;
    const { version, segment } = context.moment.state;
    whole.hidden = isNarrowed || (version === '' && segment === '');
    const found = answersFor(panel, context.answers);
    card.setAttribute('aria-busy', String('waitsFor' in found));
    const table = 'got' in found ? panel.table(found.got, context) : undefined;
    csv.hidden = !table || table.rows.length === 0;
    if ('waitsFor' in found) {
      say(`Waiting for the collector’s answer about ${QUESTIONS[found.waitsFor].path}…`, 'waits');
    } else if ('refused' in found) say(found.refused.message);
    else if (table?.rows.length === 0) say(table.none);
    else if (table) showFigures(found.got, { table, context });
    showTrouble(found);
    return table?.rows.length === 0 ? table : undefined;
  }

  function showFigures(
    got: never,
    { table, context }: { table: Table; context: PanelContext },
  ): void {
    gist.textContent = panel.chart
      ? panel.chart.description(got, context).replace(/^.*?[;:] /, '')
      : (panel.gist ?? gistOf)(table);
    if (panel.drawing || panel.chart) draw(got, context);
    else showTable(table);
  }

  /** Offers to ask again what failed, and says of figures that are still there how old they are. */
  function showTrouble(found: ReturnType<typeof answersFor>): void {
    const late = 'got' in found ? found.late : undefined;
    why.data = late ? `Figures of ${formatSeconds(late.sinceMs)}. ${late.message} ` : '';
    trouble.hidden = !late && !('refused' in found && found.refused.isForNow);
  }

  function draw(got: never, context: PanelContext): void {
    drawing ??= panel.drawing?.(acts) ?? chartDrawing(panel, acts);
    if (content !== DRAWN) body.replaceChildren(drawing.element);
    content = DRAWN;
    drawing.show(got, context);
  }

  function showTable(table: Table): void {
    // an element that has the focus or is scrolled stays while the table is the same
    const next = JSON.stringify(table);
    if (next === content) return;
    content = next;
    const isWhole = body.querySelector('.more[open]') !== null;
    body.replaceChildren(...tableElement(title, table, { isWhole }));
  }

  function say(words: string, more = ''): void {
    gist.textContent = words;
    if (content === words) return;
    content = words;
    body.replaceChildren(element('p', { class: `quiet ${more}` }, words));
  }
}

/** Makes the button that hands a panel out. The script that writes CSV is fetched at the first click. */
function csvButton(panel: Panel, shown: () => PanelContext | undefined): HTMLButtonElement {
  const label = `${panel.title} as CSV`;
  const attributes = { type: 'button', class: 'csv', 'aria-label': label };
  const button = element('button', attributes, 'CSV');
  button.addEventListener('click', async () => {
    const context = shown();
    const found = context && answersFor(panel, context.answers);
    if (!context || !found || !('got' in found)) return;
    const { model, fromMs, toMs } = context.moment;
    const name = `${model}-${panel.id}-${isoMinute(fromMs)}-${isoMinute(toMs)}.csv`;
    const table = panel.table(found.got, context);
    try {
      const { csvOf, download } = await import('../table/csv.js');
      download(name, 'text/csv', csvOf(table));
    } catch {
      button.textContent = 'Load the page again';
    }
  });
  return button;
}

/** Returns the headings of a table that has some, else the names of its rows. */
function gistOf({ columns, rows }: Table): string {
  const headings = rows.filter((cells) => cells.length < columns.length);
  const named = headings.length > 0 ? headings : rows.map((cells) => cells.slice(0, 1));
  const names = named.map((cells) => cells.map(({ text }) => text).join(': '));
  return [...new Set(names)].join(', ');
}

function chartDrawing({ chart, title }: Panel, { zoom }: PanelActs): Drawing {
  if (!chart) throw new Error(`panel '${title}' has neither a table nor a chart`);
  const place = element('div');
  const drawn = createTimeChart(place, chart.kind, { onZoom: zoom });
  return {
    element: place,
    show(got, context) {
      const data: ChartData = chart.data(got as never, context);
      drawn.show(data, {
        lane: context.lane,
        description: chart.description(got as never, context),
      });
    },
  };
}

/** `2026-03-28T1005Z`, which a file's name may have */
function isoMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace(':', '')}Z`;
}
