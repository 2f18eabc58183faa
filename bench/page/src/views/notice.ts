import { describeProblem, type Problem } from '../problem.ts';
import { part } from './element.ts';

/** The line above all else of a page. */
export function say(text: string, kind: 'plain' | 'problem'): void {
  const notice = part('notice');
  notice.textContent = text;
  notice.dataset.kind = kind;
  notice.hidden = false;
}

export function sayProblem(error: unknown): void {
  const { code, message } = isProblem(error) ? error : describeProblem(error);
  say(`${message} `, 'problem');
  part('notice').append(Object.assign(document.createElement('code'), { textContent: code }));
}

function isProblem(error: unknown): error is Problem {
  return !(error instanceof Error) && typeof (error as { code?: unknown }).code === 'string';
}

export function hideNotice(): void {
  part('notice').hidden = true;
}
