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
  /** `atMs` is undefined while it is being answered: nobody asks the same meanwhile. */
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
      // a file that has changed within this time is in the next answer
      share(`${question} ${context.minDevices} ${JSON.stringify(query)}`, () =>
        answers.fleet(question, query, context),
      ),
    metrics: (targets) =>
      share(`metrics ${JSON.stringify(targets)}`, () => answers.metrics(targets)),
  };
}
