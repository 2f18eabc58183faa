import type { ModelSummary } from '../src/store/rollup-store.js';
import type { Answers } from './asking/ask.js';
import type { QuestionName } from './asking/questions.js';
import type { Moment } from './bar/moment.js';
import type { PageState, ViewName } from './bar/page-state.js';
import { DEBUG_PANELS, DEBUG_QUESTIONS } from './debug/debug.js';
import { element } from './element.js';
import { createExecutiveView, EXECUTIVE_QUESTIONS } from './executive/executive.js';
import { ON_CALL_PANELS, ON_CALL_QUESTIONS } from './on-call/on-call.js';
import { createWellBeing } from './on-call/well-being.js';
import type { PanelActs } from './panel/panel.js';
import { createPanelsView } from './panels-view.js';

/** One of three ways to look at a model. */
export interface View {
  readonly element: HTMLElement;
  /** They are asked in this order. */
  readonly questions: readonly QuestionName[];
  show(moment: Moment, answers: Answers): void;
  /** Called with all models after the questions of the view were asked. */
  showOthers?(models: readonly ModelSummary[], moment: Moment): void;
}

export function createView(
  name: ViewName,
  { choose, retry }: { choose: (change: Partial<PageState>) => void; retry: () => void },
): View {
  const acts: PanelActs = { zoom: (range) => choose({ range }), retry };
  switch (name) {
    case 'on-call':
      return onCallView(acts);
    case 'debug':
      return {
        ...createPanelsView(DEBUG_PANELS, acts, { isFolding: true }),
        questions: DEBUG_QUESTIONS,
      };
    case 'executive':
      return { ...createExecutiveView(choose), questions: EXECUTIVE_QUESTIONS };
  }
}

function onCallView(acts: PanelActs): View {
  const wellBeing = createWellBeing();
  const panels = createPanelsView(ON_CALL_PANELS, acts);
  return {
    element: element('div', {}, wellBeing.element, panels.element),
    questions: ON_CALL_QUESTIONS,
    show(moment, answers) {
      wellBeing.show(moment, answers);
      panels.show(moment, answers);
    },
    showOthers: wellBeing.showOthers,
  };
}
