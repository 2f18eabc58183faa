import { type Answers, type MaybeLate, Unanswered } from '../asking/ask.js';
import type { Asked, QuestionName } from '../asking/questions.js';
import type { LaneEvent } from '../charts/lane.js';
import type { ChartData, ChartKind } from '../charts/time-chart.js';
import type { Moment } from '../state/moment.js';
import type { Stretch } from '../state/page-state.js';
import type { Table } from '../table/table.js';

/** A panel may read this beside the answers that it needs. */
export interface PanelContext {
  readonly moment: Moment;
  /** All that has been answered. */
  readonly answers: Answers;
  /** Events of the time that is shown, as far as they are known. */
  readonly lane: readonly LaneEvent[];
}

/** A panel may do this. */
export interface PanelActs {
  /** Shows this stretch of time in all panels. */
  readonly zoom: (stretch: Stretch) => void;
  /** Asks again what was not answered. */
  readonly retry: () => void;
}

interface Common {
  readonly id: string;
  readonly title: string;
  /** Beside the title, in small. */
  readonly aside?: string;
  readonly isWide?: true;
  /** Sums up a folded panel in one line. By default these are the names of the rows. */
  readonly gist?: (table: Table) => string;
}

/** Draws a table. The table itself is downloaded and read aloud. */
export interface Drawing {
  readonly element: HTMLElement;
  show(got: unknown, context: PanelContext): void;
}

/** A card of a view. The table has all its content, and a chart is another way to see it. */
export interface Panel extends Common {
  readonly needs: readonly QuestionName[];
  readonly table: (got: never, context: PanelContext) => Table;
  readonly chart?: {
    readonly kind: ChartKind;
    readonly data: (got: never, context: PanelContext) => ChartData;
    /** Describes the chart for screen readers. */
    readonly description: (got: never, context: PanelContext) => string;
  };
  readonly drawing?: (acts: PanelActs) => Drawing;
}

type Got<Need extends QuestionName> = Pick<Asked, Need>;

interface TablePanel<Need extends QuestionName> extends Common {
  readonly needs: readonly Need[];
  readonly table: (got: Got<Need>, context: PanelContext) => Table;
}

/** Makes a panel that shows its table. */
export function tablePanel<Need extends QuestionName>(panel: TablePanel<Need>): Panel {
  return panel;
}

/** Makes a panel that draws its table in a way of its own. */
export function drawnPanel<Need extends QuestionName>(
  panel: TablePanel<Need> & {
    readonly drawing: (acts: PanelActs) => {
      readonly element: HTMLElement;
      show(got: Got<Need>, context: PanelContext): void;
    };
  },
): Panel {
  return panel as Panel;
}

/** Makes a panel of lines or bars over time. */
export function chartPanel<Need extends QuestionName>(
  panel: Common & {
    readonly needs: readonly Need[];
    readonly kind: ChartKind;
    readonly data: (got: Got<Need>, context: PanelContext) => ChartData;
    readonly description: (got: Got<Need>, context: PanelContext) => string;
  },
): Panel {
  const { kind, data, description, ...common } = panel;
  return {
    ...common,
    table: (got: Got<Need>, context) => seriesTable(data(got, context), kind),
    chart: { kind, data, description },
  };
}

function seriesTable({ fromMs, stepMs, series }: ChartData, { formatValue }: ChartKind): Table {
  const steps = series[0]?.values.length ?? 0;
  return {
    columns: ['Time', ...series.map(({ label }) => label)],
    rows: Array.from({ length: steps }, (_, i) => [
      { text: new Date(fromMs + i * stepMs).toISOString() },
      ...series.map(({ values }) => ({
        text: formatValue(values[i]),
        value: values[i] ?? null,
      })),
    ]),
    none: 'Nothing in this range.',
  };
}

/** Returns the answers that a panel needs, why one was refused, or the question that is not answered yet. */
export function answersFor(
  { needs }: Panel,
  answers: Answers,
): ({ got: never } & MaybeLate) | { refused: Unanswered } | { waitsFor: QuestionName } {
  let late: MaybeLate['late'];
  for (const name of needs) {
    const answer = answers[name];
    if (answer === undefined) return { waitsFor: name };
    if (answer instanceof Unanswered) return { refused: answer };
    late ??= answer.late;
  }
  return { got: answers as never, ...(late && { late }) };
}
