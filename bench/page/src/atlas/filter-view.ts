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
  const shown = new Set<string>([chosen]);
  for (const [at, [kind, name]] of kinds.entries()) {
    const tests = filterRows(rows, columns, { text: '', kind }).flatMap(({ tests }) => tests);
    if (tests.length > 0) shown.add(kind);
    const { label, counter } = chipOf(kind, name, kind === chosen);
    label.style.order = String(at);
    counter.textContent = tests.length.toLocaleString('en-GB');
  }
  for (const chip of part('kinds').querySelectorAll<HTMLElement>('[data-kind]'))
    chip.hidden = !shown.has(chip.dataset.kind ?? '');
}

/** A chip that is there is kept, and so is its focus. */
function chipOf(kind: Filter['kind'], name: string, isOn: boolean) {
  const found = part('kinds').querySelector<HTMLElement>(`[data-kind=${kind}]`);
  if (found) return { label: found, counter: found.querySelector('.chip-count') as HTMLElement };
  const counter = element('span', { class: 'chip-count' });
  const input = element('input', { type: 'radio', name: 'kind', value: kind, checked: isOn });
  const text = element('span', {}, [name, counter]);
  const label = element('label', { class: 'chip', 'data-kind': kind }, [input, text]);
  part('kinds').append(label);
  return { label, counter };
}
