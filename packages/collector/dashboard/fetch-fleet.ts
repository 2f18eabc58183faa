import type { FleetLatency } from '../src/fleet/latency.js';
import type { ModelSummary } from '../src/rollup-store.js';

export interface Fleet {
  readonly models: readonly ModelSummary[];
  /** `undefined` while no model has reported. */
  readonly latency: FleetLatency | undefined;
}

/** The collector could not be asked, or said no. */
export class FleetUnavailable extends Error {}

/** What the collector knows: its models, and the figures of the chosen one (or of the first). */
export async function fetchFleet(
  chosen: { model: string; rangeMs: number },
  { signal }: { signal: AbortSignal },
): Promise<Fleet> {
  const { models } = await fetchJson<{ models: ModelSummary[] }>('./v1/fleet/models', signal);
  const model = models.find((summary) => summary.model === chosen.model) ?? models[0];
  if (!model) return { models, latency: undefined };
  const to = Date.now();
  const query = new URLSearchParams({
    model: model.model,
    from: String(to - chosen.rangeMs),
    to: String(to),
  });
  return { models, latency: await fetchJson<FleetLatency>(`./v1/fleet/latency?${query}`, signal) };
}

/** @throws FleetUnavailable with what the collector said */
export async function fetchJson<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new FleetUnavailable('The collector does not answer.', { cause });
  }
  if (response.ok) return (await response.json()) as Answer;
  // The session has ended: where this page is, there is a form now.
  if (response.status === 401) location.reload();
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { message?: string } }
    | undefined;
  throw new FleetUnavailable(
    `The collector answered ${response.status}. ${body?.error?.message ?? ''}`.trim(),
  );
}
