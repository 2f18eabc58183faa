import { describeProblem } from './problem.js';

/** Fills a panel of the page with what went wrong and what to do; without an error it goes. */
export function showProblem(panel: HTMLElement, error: unknown): void {
  panel.hidden = error === undefined;
  delete panel.dataset.error;
  if (error === undefined) return;
  const { code, message, whatToDo } = describeProblem(error);
  panel.dataset.error = code;
  const texts = { 'what-to-do': whatToDo, message, code };
  for (const [name, text] of Object.entries(texts)) {
    const place = panel.querySelector(`[data-${name}]`);
    if (place) place.textContent = text;
  }
}
