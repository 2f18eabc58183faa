import type { Answers } from './asking/ask.js';
import type { Moment } from './bar/moment.js';
import { element } from './element.js';
import { createCard } from './panel/card.js';
import type { Panel, PanelActs } from './panel/panel.js';
import { timelineOf } from './words/timeline.js';

export interface PanelsView {
  readonly element: HTMLElement;
  show(moment: Moment, answers: Answers): void;
}

/** Makes a grid of panels. Each shows itself when its questions are answered. */
export function createPanelsView(panels: readonly Panel[], acts: PanelActs): PanelsView {
  const cards = panels.map((panel) => createCard(panel, acts));
  const grid = element('div', { class: 'panels' }, ...cards.map((card) => card.element));
  return {
    element: grid,
    show(moment, answers) {
      const lane = timelineOf(answers);
      for (const card of cards) card.show({ moment, answers, lane });
    },
  };
}
