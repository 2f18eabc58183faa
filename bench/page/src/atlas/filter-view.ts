import { element, part } from '../views/element.ts';
import { type Filter, filterRows, type OperatorRow, type ShownColumn } from './by-operator.ts';
import { VERDICT_WORDS, VERDICTS } from './verdicts.ts';

export function readFilter(): Filter {
  const chosen = new FormData(part<HTMLFormElement>('filter')).get('kind');
  return {
    text: part<HTMLInputElement>('filter-text').value,
    kind: (chosen as Filter['kind'] | null) ?? 'all',
  };
}

/** A choice for each verdict that some test has. What is chosen stays, also where its last test is gone. */
export function showFilter(rows: readonly OperatorRow[], columns: readonly ShownColumn[]): void {
  const { kind: chosen } = readFilter();
  const verdicts = VERDICTS.filter((verdict) => columns.some(({ counts }) => counts[verdict] > 0));
  const kinds: [Filter['kind'], string][] = [
    ['all', 'all'],
    ...verdicts.map((verdict): [Filter['kind'], string] => [verdict, VERDICT_WORDS[verdict].name]),
    ...(columns.length > 1 ? [['differs', 'judged differently'] as [Filter['kind'], string]] : []),
  ];
  if (!kinds.some(([kind]) => kind === chosen)) kinds.push([chosen, chosen]);
  for (const [kind, name] of kinds) {
    const tests = filterRows(rows, columns, { text: '', kind }).flatMap(({ tests }) => tests);
    chipOf(kind, name, kind === chosen).textContent = ` ${tests.length.toLocaleString('en-GB')}`;
  }
  for (const chip of part('kinds').querySelectorAll<HTMLElement>('[data-kind]'))
    chip.hidden = !kinds.some(([kind]) => kind === chip.dataset.kind);
}

/** @returns where its count is */
function chipOf(kind: Filter['kind'], name: string, isOn: boolean): Element {
  const found = part('kinds').querySelector(`[data-kind=${kind}] .chip-count`);
  if (found) return found;
  const tests = element('span', { class: 'chip-count' });
  const input = element('input', { type: 'radio', name: 'kind', value: kind, checked: isOn });
  const label = element('label', { class: 'chip', 'data-kind': kind }, [
    input,
    element('span', {}, [name, tests]),
  ]);
  part('kinds').append(label);
  return tests;
}
