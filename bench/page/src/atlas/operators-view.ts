import { counted } from '../results/words.ts';
import { element, part } from '../views/element.ts';
import type { ListedTest } from './atlas-result.ts';
import type { OperatorRow, ShownColumn } from './by-operator.ts';
import { mark, stackedBar } from './summary-view.ts';
import { count, judgedOf, rightOf, VERDICT_WORDS } from './verdicts.ts';

/** So few tests are shown at once, without a click. */
const FEW_TESTS = 30;

/** Operators that somebody has opened. */
const opened = new Set<string>();

/** Rows that are there already are kept, so that a table that grows takes nobody's focus. */
const lines = new Map<string, Line>();

interface Line {
  readonly row: HTMLTableRowElement;
  readonly button: HTMLButtonElement;
  /** Its tests, once it is open. */
  readonly below: HTMLTableRowElement;
}

/** @param isNarrowed whether rows are a part of all, of which few are shown open */
export function showOperators(
  rows: readonly OperatorRow[],
  columns: readonly ShownColumn[],
  isNarrowed: boolean,
): void {
  showHeads(columns);
  const tests = rows.reduce((sum, { tests }) => sum + tests.length, 0);
  const isFew = isNarrowed && tests <= FEW_TESTS;
  const shown = rows.flatMap((row) => linesOf(row, columns, isFew));
  part('operators-body').replaceChildren(...shown);
  part('operators-none').hidden = rows.length > 0;
  part('operators-note').textContent =
    `${counted(rows.length, 'operator')}, ${counted(tests, 'test')}`;
}

function showHeads(columns: readonly ShownColumn[]): void {
  const heads = columns.map(({ backend, of }) =>
    element('th', { scope: 'col' }, [
      backend.replace('onnx-', ''),
      ...(of ? [element('span', { class: 'below' }, [of])] : []),
    ]),
  );
  part('operators-head').replaceChildren(
    element('tr', {}, [element('th', { scope: 'col' }, ['Operator']), ...heads]),
  );
}

function linesOf(row: OperatorRow, columns: readonly ShownColumn[], isFew: boolean) {
  const isOpen = isFew || opened.has(row.operator);
  const line = lines.get(row.operator) ?? newLine(row.operator);
  line.button.onclick = () => {
    const willOpen = line.button.getAttribute('aria-expanded') !== 'true';
    if (willOpen) opened.add(row.operator);
    else opened.delete(row.operator);
    showTests(line, row.tests, columns, willOpen);
  };
  while (line.row.cells.length > 1) line.row.deleteCell(-1);
  line.row.append(...columns.map((column) => cellOf(row, column)));
  showTests(line, row.tests, columns, isOpen);
  return [line.row, line.below];
}

function newLine(operator: string): Line {
  const id = `tests-${operator}`;
  const button = element('button', { type: 'button', class: 'opener', 'aria-controls': id }, [
    operator,
  ]);
  const row = element('tr', { 'data-operator': operator }, [
    element('th', { scope: 'row' }, [button]),
  ]);
  const below = element('tr', { class: 'tests', id }, []);
  const line = { row, button, below };
  lines.set(operator, line);
  return line;
}

function cellOf({ operator, tests }: OperatorRow, column: ShownColumn): HTMLTableCellElement {
  const counts = count(tests.map(({ name }) => column.verdictOf(name)));
  const judged = judgedOf(counts);
  const isWrong = counts.wrong + counts.failed > 0;
  const text =
    judged > 0
      ? `${rightOf(counts)}/${judged}`
      : counts.absent > 0
        ? 'absent'
        : counts.excluded > 0
          ? 'left out'
          : '–';
  return element('td', { class: `judged ${isWrong ? 'is-wrong' : judged > 0 ? '' : 'is-none'}` }, [
    element('span', { class: 'cell-text' }, [text]),
    stackedBar(counts, `${operator} on ${column.backend}`),
  ]);
}

function showTests(
  { row, button, below }: Line,
  tests: readonly ListedTest[],
  columns: readonly ShownColumn[],
  isOpen: boolean,
): void {
  button.setAttribute('aria-expanded', String(isOpen));
  row.classList.toggle('is-open', isOpen);
  below.hidden = !isOpen;
  if (!isOpen) {
    below.replaceChildren();
    return;
  }
  const items = tests.map((test) =>
    element('li', { 'data-test': test.name }, [
      element('span', { class: 'test-name' }, [test.name.replace(/^test_/, '')]),
      ...columns.map((column) => verdictOf(test, column, columns.length > 1)),
    ]),
  );
  const list = element('ul', { class: 'test-list' }, items);
  below.replaceChildren(
    element('td', { class: 'tests-cell', colspan: String(columns.length + 1) }, [list]),
  );
}

function verdictOf(
  { name }: ListedTest,
  column: ShownColumn,
  isOneOfSeveral: boolean,
): HTMLElement {
  const verdict = column.verdictOf(name);
  const note = column.noteOf(name);
  const place = isOneOfSeveral ? ` on ${column.backend}${column.of ? `, ${column.of}` : ''}` : '';
  return element('span', { class: 'test-verdict', 'data-verdict': verdict }, [
    mark(verdict),
    element('b', {}, [`${VERDICT_WORDS[verdict].name}${place}`]),
    ...(note ? [' ', element('span', { class: 'test-note' }, [note])] : []),
  ]);
}
