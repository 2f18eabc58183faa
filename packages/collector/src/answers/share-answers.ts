import type { Answers } from './answers.js';

const SHARED = Object.freeze({
  /** Viewers who ask within this time read the same answer. */
  forMs: 2000,
  /** The answers to so many different questions are kept. */
  answers: 100,
});

interface ShareOptions {
  readonly forMs?: number | undefined;
  readonly now?: () => number;
}

/** Makes a hundred open pages cost as much as one. A question whose answer failed is asked again. */
export function shareAnswers(
  answers: Answers,
  { forMs = SHARED.forMs, now = () => performance.now() }: ShareOptions = {},
): Answers {
  /** `atMs` is undefined until the answer is there. Meanwhile the question is not asked again. */
  const kept = new Map<string, { atMs: number | undefined; answer: Promise<unknown> }>();

  function share<Value>(question: string, ask: () => Promise<Value>): Promise<Value> {
    const found = kept.get(question);
    if (found && (found.atMs === undefined || now() - found.atMs < forMs)) {
      return found.answer as Promise<Value>;
    }
    const answer = ask();
    const entry: { atMs: number | undefined; answer: Promise<unknown> } = {
      atMs: undefined,
      answer,
    };
    kept.delete(question);
    kept.set(question, entry);
    const [oldest] = kept.keys();
    if (kept.size > SHARED.answers && oldest !== undefined) kept.delete(oldest);
    answer.then(
      () => {
        entry.atMs = now();
      },
      () => {
        if (kept.get(question) === entry) kept.delete(question);
      },
    );
    return answer;
  }

  return {
    models: () => share('models', () => answers.models()),
    fleet: (question, query, context) =>
      // facts and prices have no part in the key: a changed file shows in the answer after this one
      share(`${question} ${context.minDevices} ${JSON.stringify(query)}`, () =>
        answers.fleet(question, query, context),
      ),
    metrics: (targets, nowMs) =>
      share(`metrics ${JSON.stringify(targets)}`, () => answers.metrics(targets, nowMs)),
  };
}
