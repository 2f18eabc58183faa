import { type ChartData, createTimeChart } from '../charts/time-chart.js';
import { element } from '../element.js';
import { csvOf, download } from '../table/csv.js';
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
  show(context: PanelContext): void;
}

/** What the body holds where it is no words and no table. */
const DRAWN = 'drawn';

/** A panel on the page: its heading, its CSV, and its body as soon as what it needs is answered. */
export function createCard(panel: Panel, acts: PanelActs): Card {
  const { id, title, aside, isWide } = panel;
  const csv = element('button', { type: 'button', class: 'csv', 'data-testid': 'csv' }, 'CSV');
  csv.setAttribute('aria-label', `${title} as CSV`);
  const heading = element('h2', { id: `${id}-title` }, title);
  if (aside) heading.append(' ', element('small', {}, aside));
  const body = element('div', { class: 'body' });
  const card = element(
    'section',
    { class: isWide ? 'card wide' : 'card', id, 'aria-labelledby': `${id}-title` },
    element('header', {}, heading, csv),
    body,
  );
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
      newest = context;
      const found = answersFor(panel, context.answers);
      csv.hidden = !found || !('got' in found);
      card.setAttribute('aria-busy', String(found === undefined));
      if (!found) return say('Loading…');
      if ('message' in found) return say(found.message);
      const table = panel.table(found.got, context);
      if (table.rows.length === 0) return say(table.none);
      if (panel.drawing || panel.chart) {
        drawing ??= panel.drawing?.(acts) ?? chartDrawing(panel, acts);
        if (content !== DRAWN) body.replaceChildren(drawing.element);
        content = DRAWN;
        drawing.show(found.got, context);
        return;
      }
      // what has the focus or is scrolled stays, as long as it says the same
      const next = JSON.stringify(table);
      if (next === content) return;
      content = next;
      body.replaceChildren(...tableElement(title, table));
    },
  };

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

/** `2026-03-28T1005Z`: fit for a file's name. */
function isoMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace(':', '')}Z`;
}
