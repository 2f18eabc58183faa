import { part } from './part.js';

/** Asks whether the last result was right, and if not, what it was. */
export function createFeedbackForm(onTruth: (label: string) => void) {
  const form = part('feedback', HTMLElement);
  const question = part('feedback-question', HTMLElement);
  const choices = part('feedback-labels', HTMLElement);
  const thanks = part('feedback-thanks', HTMLElement);
  let predicted = '';

  function answer(label: string): void {
    onTruth(label);
    question.hidden = choices.hidden = true;
    thanks.textContent =
      label === predicted ? 'Thanks, noted as right.' : `Thanks, noted as a ${label}.`;
  }

  part('feedback-yes', HTMLButtonElement).addEventListener('click', () => answer(predicted));
  part('feedback-no', HTMLButtonElement).addEventListener('click', () => {
    question.hidden = true;
    choices.hidden = false;
    choices.querySelector('button')?.focus();
  });
  for (let label = 0; label <= 9; label++) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = String(label);
    button.setAttribute('aria-label', `It was a ${label}`);
    button.addEventListener('click', () => answer(String(label)));
    choices.append(button);
  }

  return {
    ask(label: string) {
      predicted = label;
      thanks.textContent = '';
      question.hidden = form.hidden = false;
      choices.hidden = true;
    },
    hide() {
      form.hidden = true;
    },
  };
}
