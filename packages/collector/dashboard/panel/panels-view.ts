import type { Answers } from '../asking/ask.js';
import { element } from '../element.js';
import type { Moment } from '../state/moment.js';
import { timelineOf } from '../words/timeline.js';
import { createCard } from './card.js';
import { createFolded, type Folded } from './folded.js';
import type { Panel, PanelActs } from './panel.js';

export interface PanelsView {
  readonly element: HTMLElement;
  show(moment: Moment, answers: Answers): void;
}

/** On a phone the other cards are folded, because one does not scroll through all of them. */
const UNFOLDED = 4;

/**
 * Makes a grid of panels. Each shows itself when its questions are answered.
 *
 * @param isFolding panels that have nothing to show become one line at the end
 */
export function createPanelsView(
  panels: readonly Panel[],
  acts: PanelActs,
  { isFolding = false } = {},
): PanelsView {
  const isNarrow = matchMedia('(max-width: 760px)').matches;
  const cards = panels.map((panel, i) => ({
    panel,
    ...createCard(panel, acts, { isFolded: isNarrow && i >= UNFOLDED }),
  }));
  const folded = createFolded();
  const grid = element('div', { class: 'panels' }, ...cards.map((card) => card.element));
  if (isFolding) grid.append(folded.element);
  return {
    element: grid,
    show(moment, answers) {
      const lane = timelineOf(answers);
      const empty = cards.flatMap(({ panel, element: card, show }): Folded[] => {
        const table = show({ moment, answers, lane });
        card.hidden = isFolding && table !== undefined;
        return table ? [{ title: panel.title, table }] : [];
      });
      folded.show(empty);
      widen(cards.map((card) => card.element).filter((card) => !card.hidden));
    },
  };
}

/** A narrow card without a neighbour takes the whole row. */
function widen(cards: readonly HTMLElement[]): void {
  let waiting: HTMLElement | undefined;
  for (const card of cards) {
    card.classList.remove('alone');
    if (card.classList.contains('wide')) {
      waiting?.classList.add('alone');
      waiting = undefined;
    } else {
      waiting = waiting ? undefined : card;
    }
  }
  waiting?.classList.add('alone');
}
