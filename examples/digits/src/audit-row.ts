import type { AuditEntry } from './audit-log.js';
import { formatPercent } from './format-percent.js';

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/**
 * Says what the parts of the table's head are: on a phone the style makes cards of its rows, and Safari takes what is
 * not displayed as a table for none.
 */
export function keepTableRoles(table: HTMLTableElement): void {
  table.role = 'table';
  for (const row of table.rows) row.role = 'row';
  for (const cell of table.querySelectorAll('th')) cell.role = 'columnheader';
  if (table.tHead) table.tHead.role = 'rowgroup';
}

/** An entry of the table, and below it, when its button is pressed, the record as it was given. */
export function createEntryRows(entry: AuditEntry, featureCount: number): HTMLElement {
  const body = create('tbody', 'audit-entry');
  body.dataset.number = String(entry.number);
  body.role = 'rowgroup';
  const given = createGiven(entry);
  const button = create('button', 'audit-given-button');
  const names = Object.keys(entry.input);
  button.type = 'button';
  const share = `${names.length} of ${featureCount}`;
  button.append(share, create('span', 'audit-unit', ' measured'));
  button.ariaLabel = `${share} measured for answer ${entry.number}`;
  button.ariaExpanded = 'false';
  button.addEventListener('click', () => {
    given.hidden = !given.hidden;
    button.ariaExpanded = String(!given.hidden);
  });
  body.append(createFacts(entry, button), given);
  return body;
}

function createFacts(entry: AuditEntry, button: HTMLElement): HTMLElement {
  const { time, model, version, variant, backend, runId, output, tookMs } = entry;
  const [best] = output;
  const label = create('strong', 'audit-label', best?.label);
  label.dataset.label = best?.label ?? '';
  const when = create('time', '', TIME.format(new Date(time)));
  when.dateTime = time;
  const row = create('tr', 'audit-facts');
  row.role = 'row';
  row.append(
    createCell('when', when),
    createCell('answer', label, ` ${formatPercent(best?.score ?? 0)}`),
    createCell('given', button),
    createCell('model', `${model} ${version}`),
    createCell('variant', variant),
    createCell('backend', backend),
    createCell('took', `${tookMs.toFixed(1)} ms`),
    createCell('run', runId),
  );
  return row;
}

function createGiven({ input }: AuditEntry): HTMLElement {
  const list = create('dl', 'audit-features');
  for (const [name, value] of Object.entries(input)) {
    const pair = document.createElement('div');
    pair.append(create('dt', '', name), create('dd', '', String(value)));
    list.append(pair);
  }
  const row = create('tr', 'audit-given-row');
  row.role = 'row';
  const cell = createCell('input', list);
  cell.colSpan = 8;
  row.append(cell);
  row.hidden = true;
  return row;
}

function createCell(name: string, ...content: (Node | string)[]): HTMLTableCellElement {
  const cell = create('td', `audit-${name}`);
  cell.role = 'cell';
  cell.append(...content);
  return cell;
}

function create<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  text = '',
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
