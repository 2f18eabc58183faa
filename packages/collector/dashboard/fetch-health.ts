import type { FleetAnswers, FleetQuestion } from '../src/answers.js';
import { fetchJson } from './fetch-fleet.js';

const DAY_MS = 86_400_000;

/** Over what each is asked; a rollout is looked at from its beginning. */
const RANGES_MS = {
  service: DAY_MS,
  // where windows are days, an alarm needs two of them
  drift: 4 * DAY_MS,
  accuracy: 7 * DAY_MS,
  canary: 14 * DAY_MS,
  silence: DAY_MS,
} as const satisfies Partial<Record<FleetQuestion, number>>;

/** What says whether a model is well; null where the collector had no answer. */
export type Health = {
  readonly [Question in keyof typeof RANGES_MS]: FleetAnswers[Question] | null;
};

/** Asks one after the other: the collector reads in one thread, and the figures of the page come first. */
export async function fetchHealth(model: string, signal: AbortSignal): Promise<Health> {
  const to = Date.now();
  const answers: Record<string, unknown> = {};
  for (const [question, rangeMs] of Object.entries(RANGES_MS)) {
    const query = new URLSearchParams({ model, from: String(to - rangeMs), to: String(to) });
    answers[question] = await fetchJson(`./v1/fleet/${question}?${query}`, signal).catch(() => {
      signal.throwIfAborted();
      return null;
    });
  }
  return answers as Health;
}
