/** How long one node of a model takes. */
export interface OperatorTime {
  /** As the model names the node; the runtime may have fused several into one. */
  readonly name: string;
  /** What it does, as the runtime calls it, such as `Conv`. */
  readonly operator: string;
  readonly medianMs: number;
  /** Of all nodes together, 0 … 1. */
  readonly share: number;
}

/** One node in one run. */
export interface OperatorRun {
  readonly name: string;
  readonly operator: string;
  readonly ms: number;
}

/**
 * The median of each node over several runs, the longest first.
 *
 * @param runs each with its nodes in the order they ran, which is the same every time
 */
export function summarizeOperators(runs: readonly (readonly OperatorRun[])[]): OperatorTime[] {
  const [first = []] = runs;
  const nodes = first.map(({ name, operator }, i) => {
    const times = runs.flatMap((run) => run[i]?.ms ?? []).sort((a, b) => a - b);
    return { name, operator, medianMs: times[(times.length - 1) >> 1] ?? 0 };
  });
  const wholeMs = nodes.reduce((sum, { medianMs }) => sum + medianMs, 0);
  return nodes
    .map((node) => ({ ...node, share: wholeMs > 0 ? node.medianMs / wholeMs : 0 }))
    .sort((a, b) => b.medianMs - a.medianMs);
}
