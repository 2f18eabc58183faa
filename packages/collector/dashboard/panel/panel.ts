import { type Answers, Unanswered } from '../asking/ask.js';
import type { Asked, QuestionName } from '../asking/questions.js';
import type { Moment } from '../bar/moment.js';
import type { Stretch } from '../bar/page-state.js';
import type { LaneEvent } from '../charts/lane.js';
import type { ChartData, ChartKind } from '../charts/time-chart.js';
import type { Table } from '../table/table.js';

/** What a panel may know beside the answers that it needs. */
export interface PanelContext {
  readonly moment: Moment;
  /** All that has been answered. */
  readonly answers: Answers;
  /** What happened meanwhile, as far as it is known. */
  readonly lane: readonly LaneEvent[];
}

/** What a panel may have done. */
export interface PanelActs {
  /** Shows this time, everywhere. */
  readonly zoom: (stretch: Stretch) => void;
}

interface Common {
  readonly id: string;
  readonly title: string;
  /** Beside the title, in small. */
  readonly aside?: string;
  readonly isWide?: true;
}

/** Draws what a table says; the table is what is downloaded, and read aloud. */
export interface Drawing {
  readonly element: HTMLElement;
  show(got: unknown, context: PanelContext): void;
}

/** A card of a view. The table is all that it says; a chart is another way to see it. */
export interface Panel extends Common {
  readonly needs: readonly QuestionName[];
  readonly table: (got: never, context: PanelContext) => Table;
  readonly chart?: {
    readonly kind: ChartKind;
    readonly data: (got: never, context: PanelContext) => ChartData;
    /** In words, for who does not see it. */
    readonly description: (got: never, context: PanelContext) => string;
  };
  readonly drawing?: (acts: PanelActs) => Drawing;
}

type Got<Need extends QuestionName> = Pick<Asked, Need>;

interface TablePanel<Need extends QuestionName> extends Common {
  readonly needs: readonly Need[];
  readonly table: (got: Got<Need>, context: PanelContext) => Table;
}

/** A panel that is its table. */
export function tablePanel<Need extends QuestionName>(panel: TablePanel<Need>): Panel {
  return panel;
}

/** A panel that draws its table in a way of its own. */
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

/** A panel of lines or bars over time. */
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

/** The answers that a panel needs; undefined until all are there, a message where one is refused. */
export function answersFor(
  { needs }: Panel,
  answers: Answers,
): { got: never } | { message: string } | undefined {
  for (const name of needs) {
    const answer = answers[name];
    if (answer === undefined) return undefined;
    if (answer instanceof Unanswered) return { message: answer.message };
  }
  return { got: answers as never };
}
