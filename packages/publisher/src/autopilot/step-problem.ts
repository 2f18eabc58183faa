import { explainFailure } from '../errors/explain-failure.js';

/** Why a collector tells nothing of a model, or why something could not be done. The step goes on without it. */
export interface StepProblem {
  /** Absent where it is not about one model. */
  readonly model?: string | undefined;
  /** Nearside's or the system's; `failed` where the error has none. */
  readonly code: string;
  readonly message: string;
}

export function problemOf(error: unknown, model?: string): StepProblem {
  const { code, message } = explainFailure(error);
  return { model, code, message };
}

/** Waits for work. Where that fails, it is told, and the step goes on. */
export async function orTell<Value>(
  problems: StepProblem[],
  work: Promise<Value>,
  model?: string,
): Promise<Value | undefined> {
  return work.catch((error) => {
    problems.push(problemOf(error, model));
    return undefined;
  });
}
