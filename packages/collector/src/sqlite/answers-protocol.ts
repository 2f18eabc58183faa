import type { Answers } from '../answers.js';

export interface AnswersWorkerData {
  readonly file: string;
}

/** What an inference is to take at most, ms, by model; of others, `otherwise`. */
export interface TargetsMs {
  readonly byModel: Readonly<Record<string, number>>;
  readonly otherwise: number;
}

/** A question, as it goes to the thread that reads. */
export interface AnswersRequest {
  readonly id: number;
  readonly question: keyof Answers;
  readonly given: readonly unknown[];
  readonly targets: TargetsMs;
}

export type AnswersReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly reason: string };
