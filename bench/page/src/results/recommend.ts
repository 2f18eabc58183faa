import { fastestOf } from './ranking.ts';
import { type BenchResult, isComplete, type ResultRow } from './result.ts';

/** A larger batch has to bring at least so much: each makes the first of its items wait longer. */
const WORTH_SHARE = 0.05;

export interface Recommendation {
  readonly backend: string;
  readonly variant: string;
  /** Items that run together; undefined where batches were not measured. */
  readonly batch: number | undefined;
}

/** The fastest of our own rows that computes the right numbers, and the smallest batch whose rate is near the best. */
export function recommend(result: BenchResult): Recommendation | undefined {
  if (!isComplete(result)) return undefined;
  const [best] = fastestOf(result.rows.filter(({ isPeer }) => !isPeer));
  if (!best?.backend || !best.variant) return undefined;
  return { backend: best.backend, variant: best.variant, batch: bestBatch(best) };
}

function bestBatch({ throughput = [] }: ResultRow): number | undefined {
  const most = Math.max(0, ...throughput.map(({ perSecond }) => perSecond));
  return throughput.find(({ perSecond }) => perSecond >= most * (1 - WORTH_SHARE))?.batch;
}

/** How long one call waits for others, ms: a call alone is late by as much. */
const MAX_DELAY_MS = 2;

/**
 * The values as model.json has them. A backend is no field of it: each device chooses among those that the variants
 * allow, so the best one's variant goes first.
 *
 * @param variants as model.json has them; empty where they are not known
 */
export function modelJsonValues(
  { variant, batch }: Recommendation,
  variants: readonly { readonly name: string }[],
): string {
  const first = variants.filter(({ name }) => name === variant);
  const others = variants.filter(({ name }) => name !== variant);
  const lines = [...first, ...others].map((each) => `    ${inOneLine(each)}`);
  const members = [
    ...(lines.length > 0 ? [`  "variants": [\n${lines.join(',\n')}\n  ]`] : []),
    ...(batch === undefined ? [] : [`  "batch": ${inOneLine(batchOf(batch))}`]),
  ];
  return `{\n${members.join(',\n')}\n}`;
}

function batchOf(max: number) {
  return { axis: 0, max, maxDelayMs: max > 1 ? MAX_DELAY_MS : 0 };
}

/** As people write a short object. */
function inOneLine(value: object): string {
  return JSON.stringify(value, undefined, 1).replace(/\n\s*/g, ' ');
}
