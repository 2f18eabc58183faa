import type { LoadPhase, Progress } from 'nearside';

const SENTENCES: Record<LoadPhase, string> = {
  metadata: 'Checking signatures…',
  runtime: 'Fetching the runtime…',
  weights: 'Fetching and verifying the weights…',
  check: 'Proving the numbers on this device…',
};

/** The bar that is shown while the model opens. */
export function createOpeningView(view: HTMLElement) {
  const bar = view.querySelector('progress');
  const phase = view.querySelector('[data-phase]');
  return {
    start() {
      bar?.removeAttribute('value');
      if (phase) phase.textContent = 'Opening the model…';
      view.hidden = false;
    },
    update({ phase: current, ratio }: Progress) {
      if (bar) bar.value = ratio;
      const sentence = SENTENCES[current];
      // Only a change is worth announcing.
      if (phase && phase.textContent !== sentence) phase.textContent = sentence;
    },
    finish() {
      view.hidden = true;
    },
  };
}
