import type { Answers } from './answers.js';

const SHARED = Object.freeze({
  /** Viewers who ask within this time read the same answer. */
  forMs: 2000,
  /** Different questions whose answers are kept. */
  answers: 100,
});

interface ShareOptions {
  readonly forMs?: number | undefined;
  readonly now?: () => number;
}

/** A hundred open pages cost as much as one. An answer that failed is asked for anew. */
export function shareAnswers(
  answers: Answers,
  { forMs = SHARED.forMs, now = () => performance.now() }: ShareOptions = {},
): Answers {
  const kept = new Map<string, { atMs: number; answer: Promise<unknown> }>();

  function share<Value>(question: string, ask: () => Promise<Value>): Promise<Value> {
    const found = kept.get(question);
    if (found && now() - found.atMs < forMs) return found.answer as Promise<Value>;
    const answer = ask();
    kept.delete(question);
    kept.set(question, { atMs: now(), answer });
    const [oldest] = kept.keys();
    if (kept.size > SHARED.answers && oldest !== undefined) kept.delete(oldest);
    answer.catch(() => {
      if (kept.get(question)?.answer === answer) kept.delete(question);
    });
    return answer;
  }

  return {
    models: () => share('models', () => answers.models()),
    fleet: (question, query, context) =>
      // a file that has changed within this time is in the next answer
      share(`${question} ${context.minDevices} ${JSON.stringify(query)}`, () =>
        answers.fleet(question, query, context),
      ),
    metrics: (targets) =>
      share(`metrics ${JSON.stringify(targets)}`, () => answers.metrics(targets)),
  };
}
