import { describeProblem } from './problem.js';

/** A panel that says what went wrong; `[data-code]`, `[data-message]` and a button are inside. */
export function createProblemPanel(panel: HTMLElement) {
  const code = panel.querySelector('[data-code]');
  const message = panel.querySelector('[data-message]');
  const button = panel.querySelector('button');

  function show(error: unknown): void {
    const problem = describeProblem(error);
    if (code) code.textContent = problem.code;
    if (message) message.textContent = problem.message;
    panel.dataset.error = problem.code;
    panel.hidden = false;
  }

  function hide(): void {
    panel.hidden = true;
    delete panel.dataset.error;
  }

  /** Resolves, with the panel gone, when the button in it is pressed. */
  async function askForRetry(error: unknown): Promise<void> {
    show(error);
    await new Promise((resolve) => button?.addEventListener('click', resolve, { once: true }));
    hide();
  }

  return { show, hide, askForRetry };
}
