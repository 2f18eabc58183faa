import type { Moment } from '../bar/moment.js';
import { FleetUnavailable, fetchJson } from './fetch-json.js';
import { type Asked, addressOf, QUESTIONS, type QuestionName } from './questions.js';

/** The collector refused a question, with a reason. Other figures do not wait for this one. */
export class Unanswered {
  readonly message: string;
  /** The same may be answered soon. */
  readonly isForNow: boolean;

  constructor(message: string, { isForNow = false } = {}) {
    this.message = message;
    this.isForNow = isForNow;
  }
}

/** A question that is left out has not been answered yet. */
export type Answers = { readonly [Name in QuestionName]?: Asked[Name] | Unanswered };

export interface Asking {
  /**
   * Asks the questions that are due, one after the other, because the collector reads in one thread.
   *
   * @throws FleetUnavailable where the collector does not answer at all
   */
  refresh(moment: Moment, signal: AbortSignal, onAnswer: (answers: Answers) => void): Promise<void>;
}

export function createAsking(names: readonly QuestionName[]): Asking {
  const known = new Map<QuestionName, { about: string; askedMs: number; answer: unknown }>();

  function answersAbout(moment: Moment): Answers {
    for (const [name, { about }] of known) {
      if (about !== addressOf(QUESTIONS[name], moment)?.about) known.delete(name);
    }
    return Object.fromEntries([...known].map(([name, { answer }]) => [name, answer]));
  }

  function isDue(name: QuestionName): boolean {
    const found = known.get(name);
    return !found || performance.now() - found.askedMs >= QUESTIONS[name].everySeconds * 1000 - 500;
  }

  return {
    async refresh(moment, signal, onAnswer) {
      onAnswer(answersAbout(moment));
      for (const name of names.filter(isDue)) {
        const question = addressOf(QUESTIONS[name], moment);
        if (!question) continue;
        const before = known.get(name);
        const answer = await answerOf(question.address, signal);
        // a busy collector is asked again with the next refresh, and its last answer stays meanwhile
        const isForNow = answer instanceof Unanswered && answer.isForNow;
        known.set(name, {
          about: question.about,
          askedMs: isForNow ? -Infinity : performance.now(),
          answer: isForNow && before ? before.answer : answer,
        });
        onAnswer(answersAbout(moment));
      }
    },
  };
}

async function answerOf(address: string, signal: AbortSignal): Promise<unknown> {
  try {
    return await fetchJson(address, signal);
  } catch (error) {
    if (error instanceof FleetUnavailable && error.status !== undefined) {
      return new Unanswered(error.message, {
        isForNow: error.status === 429 || error.status >= 500,
      });
    }
    throw error;
  }
}

/** @returns the answer, if there is one */
export function answered<Name extends QuestionName>(
  answers: Answers,
  name: Name,
): Asked[Name] | undefined {
  const answer = answers[name];
  return answer instanceof Unanswered ? undefined : (answer as Asked[Name] | undefined);
}
