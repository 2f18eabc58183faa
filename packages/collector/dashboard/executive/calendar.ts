import { DAY_MS } from '../../src/counting/time.js';
import type { FleetObjectives, ObjectiveDay } from '../../src/fleet/objectives.js';
import { element } from '../element.js';
import type { Stretch } from '../state/page-state.js';
import { number, type Table, text } from '../table/table.js';
import { formatCount, formatDuration, formatRate } from '../words/format.js';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Lists the days with runs. */
export function daysTable(objectives: FleetObjectives | undefined): Table {
  const within = `Within ${formatDuration(objectives?.targets.p95Ms)}`;
  return {
    columns: ['Day', 'Runs', 'Succeeded', within, 'Inside the objectives'],
    rows: (objectives?.days ?? []).map((day) => [
      text(new Date(day.atMs).toISOString().slice(0, 10)),
      number(day.runs, (runs) => formatCount(runs ?? 0)),
      number(day.successRate, formatRate),
      number(day.withinTarget, formatRate),
      text(day.isMet ? 'yes' : 'no'),
    ]),
    none: 'Nothing ran in this month.',
  };
}

/** Draws each day of the month until now: inside its objectives, outside of them, or without a run. Days are UTC's. */
export function calendarElement(
  { days, targets }: FleetObjectives,
  { fromMs, toMs }: Stretch,
): HTMLElement {
  const blanks = (new Date(fromMs).getUTCDay() + 6) % 7;
  const cells: HTMLElement[] = Array.from({ length: blanks }, () =>
    element('li', { class: 'blank' }),
  );
  for (let atMs = fromMs; atMs < toMs; atMs += DAY_MS) {
    cells.push(
      dayElement(
        atMs,
        days.find((day) => day.atMs === atMs),
        targets.p95Ms,
      ),
    );
  }
  return element(
    'div',
    { class: 'calendar' },
    element(
      'ol',
      { class: 'weekdays', 'aria-hidden': 'true' },
      ...WEEKDAYS.map((day) => element('li', {}, day)),
    ),
    element('ol', { class: 'days' }, ...cells),
    element('p', { class: 'quiet' }, '✓ inside both objectives, ✕ outside of one. Days are UTC’s.'),
  );
}

function dayElement(atMs: number, day: ObjectiveDay | undefined, p95Ms: number): HTMLElement {
  const date = String(new Date(atMs).getUTCDate());
  if (!day) {
    return element('li', { class: 'none', title: 'nothing ran' }, element('span', {}, date));
  }
  const words = `${date}: ${formatRate(day.successRate)} succeeded, ${formatRate(day.withinTarget)} within ${formatDuration(p95Ms)}`;
  return element(
    'li',
    { class: day.isMet ? 'met' : 'missed', title: words },
    element('span', { 'aria-hidden': 'true' }, date),
    element('b', { 'aria-hidden': 'true' }, day.isMet ? '✓' : '✕'),
    element(
      'span',
      { class: 'visually-hidden' },
      `${words}, ${day.isMet ? 'inside' : 'outside'} the objectives`,
    ),
  );
}
