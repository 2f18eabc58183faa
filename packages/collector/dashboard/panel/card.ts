import { QUESTIONS } from '../asking/questions.js';
import { type ChartData, createTimeChart } from '../charts/time-chart.js';
import { element } from '../element.js';
import { csvOf, download } from '../table/csv.js';
import type { Table } from '../table/table.js';
import { tableElement } from '../table/table-element.js';
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

/** Puts a panel on the page: its heading, its CSV, and its body as soon as its questions are answered. */
export function createCard(panel: Panel, acts: PanelActs): Card {
  const { id, title, aside, isWide } = panel;
  const csv = element('button', { type: 'button', class: 'csv', 'data-testid': 'csv' }, 'CSV');
  csv.setAttribute('aria-label', `${title} as CSV`);
  const heading = element('h2', { id: `${id}-title` }, title);
  const whole = element('small', { hidden: '' }, 'whole fleet');
  if (aside) heading.append(' ', element('small', {}, aside));
  heading.append(' ', whole);
  const body = element('div', { class: 'body' });
  const card = element(
    'section',
    { class: isWide ? 'card wide' : 'card', id, 'aria-labelledby': `${id}-title` },
    element('header', {}, heading, csv),
    body,
  );
  const isNarrowed = panel.needs.some((name) => QUESTIONS[name].isFiltered);
  let drawing: Drawing | undefined;
  let content: string | undefined;
  let newest: PanelContext | undefined;
  csv.addEventListener('click', () => {
    const found = newest && answersFor(panel, newest.answers);
    if (!newest || !found || !('got' in found)) return;
    const { model, fromMs, toMs } = newest.moment;
    const name = `${model}-${id}-${isoMinute(fromMs)}-${isoMinute(toMs)}.csv`;
    download(name, 'text/csv', csvOf(panel.table(found.got, newest)));
  });

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
    card.setAttribute('aria-busy', String(found === undefined));
    const table = found && 'got' in found ? panel.table(found.got, context) : undefined;
    csv.hidden = !table || table.rows.length === 0;
    if (!found) say('Loading…');
    else if ('message' in found) say(found.message);
    else if (table?.rows.length === 0) say(table.none);
    else if (panel.drawing || panel.chart) draw(found.got, context);
    else if (table) showTable(table);
    return table?.rows.length === 0 ? table : undefined;
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
    body.replaceChildren(...tableElement(title, table));
  }

  function say(words: string): void {
    if (content === words) return;
    content = words;
    body.replaceChildren(element('p', { class: 'quiet' }, words));
  }
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
