import type { LabelScore } from 'nearside';
import { formatPercent } from './format-percent.js';
import { part } from './part.js';
import { showScoreBars } from './score-bars.js';

/** The answer, large, with its score bars. `data-label` holds it for machines. */
export function createResultView() {
  const result = part('result', HTMLElement);
  const label = part('result-label', HTMLElement);
  const sentence = part('result-sentence', HTMLElement);
  /** Never hidden, so that screen readers announce every change. */
  const spoken = part('spoken', HTMLElement);
  const bars = part('scores', HTMLElement);
  const invitation = part('invitation', HTMLElement);

  return {
    show(scores: readonly LabelScore[]) {
      const [best] = scores;
      if (!best) return;
      result.dataset.label = best.label;
      label.textContent = best.label;
      sentence.textContent = `${formatPercent(best.score)} sure`;
      spoken.textContent = `Read as ${best.label}, ${sentence.textContent}`;
      showScoreBars(bars, scores.slice(0, 5));
      result.hidden = false;
      invitation.hidden = true;
    },
    clear({ invite }: { invite: boolean }) {
      delete result.dataset.label;
      spoken.textContent = '';
      result.hidden = true;
      invitation.hidden = !invite;
    },
  };
}
