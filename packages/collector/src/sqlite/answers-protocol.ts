import type { Answers } from '../answers/answers.js';

export interface AnswersWorkerData {
  readonly file: string;
}

/** A question, as it goes to the thread that reads. */
export interface AnswersRequest {
  readonly id: number;
  readonly question: keyof Answers;
  readonly given: readonly unknown[];
}

export type AnswersReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly reason: string };
