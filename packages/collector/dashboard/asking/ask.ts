import type { Moment } from '../state/moment.js';
import { FleetUnavailable, fetchJson } from './fetch-json.js';
import { type Asked, addressOf, FIELDS, QUESTIONS, type QuestionName } from './questions.js';

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
export type Answers = { readonly [Name in QuestionName]?: (Asked[Name] & MaybeLate) | Unanswered };

/** An answer that could not be had again says since when it is the last one, Unix ms, and why. */
export interface MaybeLate {
  readonly late?: { readonly sinceMs: number; readonly message: string };
}

/** The next question waits no longer for a slow answer, so one that hangs holds up no other. */
const PATIENCE_MS = 3000;

export interface Asking {
  /** Asks the questions that are due, one after the other, because the collector reads in one thread. */
  refresh(moment: Moment, signal: AbortSignal, onAnswer: (answers: Answers) => void): Promise<void>;
}

export function createAsking(names: readonly QuestionName[]): Asking {
  const known = new Map<
    QuestionName,
    { about: string; askedMs: number; answeredMs: number; answer: object | undefined }
  >();

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
      const ask = async (name: QuestionName): Promise<void> => {
        const question = addressOf(QUESTIONS[name], moment);
        if (!question) return;
        const { about, address } = question;
        const before = known.get(name);
        const answer = await answerOf(address, { about: QUESTIONS[name].path, signal });
        if (signal.aborted) return;
        // a busy collector is asked again with the next refresh, and its last answer stays meanwhile
        const isForNow = answer instanceof Unanswered && answer.isForNow;
        const isKept = isForNow && before && !(before.answer instanceof Unanswered);
        const answeredMs = isKept ? before.answeredMs : Date.now();
        const late = isKept && { sinceMs: answeredMs, message: answer.message };
        known.set(name, {
          about,
          askedMs: isForNow ? -Infinity : performance.now(),
          answeredMs,
          answer: late ? { ...before?.answer, late } : answer,
        });
        onAnswer(answersAbout(moment));
      };
      onAnswer(answersAbout(moment));
      const asked: Promise<void>[] = [];
      for (const name of names.filter(isDue)) {
        asked.push(ask(name));
        await Promise.race([
          asked.at(-1),
          new Promise((resolve) => setTimeout(resolve, PATIENCE_MS)),
        ]);
        signal.throwIfAborted();
      }
      await Promise.all(asked);
      signal.throwIfAborted();
    },
  };
}

/** @returns the answer, or why there is none; undefined where nobody waits for it any more */
async function answerOf(
  address: string,
  { about, signal }: { about: string; signal: AbortSignal },
): Promise<object | undefined> {
  try {
    return await fetchJson(address, { about, fields: FIELDS[about] ?? [], signal });
  } catch (error) {
    if (error instanceof FleetUnavailable) {
      const { message, status = 503 } = error;
      return new Unanswered(message, { isForNow: status === 429 || status >= 500 });
    }
    if (signal.aborted) return undefined;
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
