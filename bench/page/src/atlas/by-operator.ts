import type { AtlasColumn, AtlasResult, ListedTest } from './atlas-result.ts';
import { knownReason } from './known-reasons.ts';
import { type Counts, count, fromLetters, type Verdict } from './verdicts.ts';

/** A backend of a device, as the table shows it. */
export interface ShownColumn extends Pick<AtlasColumn, 'backend' | 'hardware' | 'isSoftwareGpu'> {
  readonly state: AtlasColumn['state'];
  readonly problem: AtlasColumn['problem'];
  readonly seconds: number;
  /** Whose it is, where it is not this result's own. */
  readonly of: string | undefined;
  readonly counts: Counts;
  /** Of a test by its name; `waiting` where the column has no such test. */
  verdictOf(test: string): Verdict;
  /** The difference, the error, why it is left out, or what is known of it. */
  noteOf(test: string): string | undefined;
}

/** @param of whose result it is, where it is shown beside another one */
export function showColumns({ columns, tests }: AtlasResult, of?: string): ShownColumn[] {
  const listed = new Map(tests.list.map((test) => [test.name, test]));
  return columns.map((column) => {
    const verdicts = fromLetters(column.verdicts);
    const byName = new Map(tests.list.map(({ name }, i) => [name, verdicts[i] ?? 'waiting']));
    const verdictOf = (name: string) => byName.get(name) ?? 'waiting';
    return {
      ...column,
      problem: column.problem,
      of,
      counts: count(verdicts),
      verdictOf,
      noteOf(name) {
        const verdict = verdictOf(name);
        if (verdict === 'excluded') return listed.get(name)?.excluded;
        if (column.notes && Object.hasOwn(column.notes, name)) return column.notes[name];
        return verdict === 'wrong' || verdict === 'failed' ? knownReason(name) : undefined;
      },
    };
  });
}

export interface OperatorRow {
  readonly operator: string;
  readonly tests: readonly ListedTest[];
}

/** All operators of ONNX's own domain first, each with its tests, in the order of the alphabet. */
export function byOperator(tests: readonly ListedTest[]): OperatorRow[] {
  const rows = new Map<string, ListedTest[]>();
  for (const test of tests) {
    const row = rows.get(test.operator);
    if (row) row.push(test);
    else rows.set(test.operator, [test]);
  }
  return [...rows]
    .map(([operator, tests]) => ({ operator, tests }))
    .sort((a, b) => rank(a.operator) - rank(b.operator) || (a.operator < b.operator ? -1 : 1));
}

/** Other domains have a dot in their names. */
function rank(operator: string): number {
  return operator.includes('.') ? 1 : 0;
}

/** What the table is narrowed to. */
export interface Filter {
  /** Of an operator's or a test's name; empty for all. */
  readonly text: string;
  /** A verdict of any column, or tests that two columns judge differently. */
  readonly kind: Verdict | 'all' | 'differs';
}

export function filterRows(
  rows: readonly OperatorRow[],
  columns: readonly ShownColumn[],
  { text, kind }: Filter,
): OperatorRow[] {
  const wanted = text.trim().toLowerCase();
  const isNamed = (name: string) => name.toLowerCase().includes(wanted);
  return rows
    .map(({ operator, tests }) => ({
      operator,
      tests: tests.filter(
        ({ name }) =>
          (wanted === '' || isNamed(operator) || isNamed(name)) && isOfKind(name, columns, kind),
      ),
    }))
    .filter(({ tests }) => tests.length > 0);
}

function isOfKind(test: string, columns: readonly ShownColumn[], kind: Filter['kind']): boolean {
  if (kind === 'all') return true;
  const verdicts = columns.map((column) => column.verdictOf(test));
  if (kind !== 'differs') return verdicts.includes(kind);
  const told = verdicts.filter((verdict) => verdict !== 'waiting').map(withoutPlace);
  return new Set(told).size > 1;
}

/** Right is right, wherever it was computed. */
function withoutPlace(verdict: Verdict): Verdict {
  return verdict === 'right-on-cpu' ? 'right' : verdict;
}
