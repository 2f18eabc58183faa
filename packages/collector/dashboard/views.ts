import type { ModelSummary } from '../src/store/rollup-store.js';
import type { Answers } from './asking/ask.js';
import type { QuestionName } from './asking/questions.js';
import type { Moment } from './bar/moment.js';
import type { PageState, Stretch, ViewName } from './bar/page-state.js';
import { DEBUG_PANELS, DEBUG_QUESTIONS } from './debug/debug.js';
import { element } from './element.js';
import { createExecutiveView, EXECUTIVE_QUESTIONS } from './executive/executive.js';
import { ON_CALL_PANELS, ON_CALL_QUESTIONS } from './on-call/on-call.js';
import { createWellBeing } from './on-call/well-being.js';
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

export function createView(name: ViewName, choose: (change: Partial<PageState>) => void): View {
  switch (name) {
    case 'on-call':
      return onCallView(choose);
    case 'debug':
      return debugView(choose);
    case 'executive':
      return { ...createExecutiveView(choose), questions: EXECUTIVE_QUESTIONS };
  }
}

function onCallView(choose: (change: Partial<PageState>) => void): View {
  const wellBeing = createWellBeing();
  const panels = createPanelsView(ON_CALL_PANELS, { zoom: (range) => choose({ range }) });
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

function debugView(choose: (change: Partial<PageState>) => void): View {
  const acts = { zoom: (range: Stretch) => choose({ range }) };
  const panels = createPanelsView(DEBUG_PANELS, acts, { isFolding: true });
  return { ...panels, questions: DEBUG_QUESTIONS };
}
