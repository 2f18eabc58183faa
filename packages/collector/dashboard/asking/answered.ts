import { type Answers, Unanswered } from './ask.js';
import type { Asked, QuestionName } from './questions.js';

/** An answer, if there is one. */
export function answered<Name extends QuestionName>(
  answers: Answers,
  name: Name,
): Asked[Name] | undefined {
  const answer = answers[name];
  return answer instanceof Unanswered ? undefined : (answer as Asked[Name] | undefined);
}
