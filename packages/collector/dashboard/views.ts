import type { ModelSummary } from '../src/store/rollup-store.js';
import type { Answers } from './asking/ask.js';
import { FleetUnavailable } from './asking/fetch-json.js';
import type { QuestionName } from './asking/questions.js';
import { element } from './element.js';
import { createHealthSection } from './on-call/health-section.js';
import { ON_CALL_PANELS, ON_CALL_QUESTIONS } from './on-call/on-call.js';
import type { PanelActs } from './panel/panel.js';
import { createPanelsView } from './panel/panels-view.js';
import type { Moment } from './state/moment.js';
import type { PageState, ViewName } from './state/page-state.js';
import { loadAgainOnce, remember } from './tab-memory.js';

/** One of three ways to look at a model. */
export interface View {
  readonly element: HTMLElement;
  /** They are asked in this order. */
  readonly questions: readonly QuestionName[];
  show(moment: Moment, answers: Answers): void;
  /** Called with all models after the questions of the view were asked. */
  showOthers?(models: readonly ModelSummary[], moment: Moment): void;
}

/** Makes a view. The view that opens first is in the page's script, and each other one is fetched when it is chosen. */
export async function createView(
  name: ViewName,
  { choose, retry }: { choose: (change: Partial<PageState>) => void; retry: () => void },
): Promise<View> {
  const acts: PanelActs = { zoom: (range) => choose({ range }), retry };
  switch (name) {
    case 'on-call':
      return onCallView(acts);
    case 'debug': {
      const { DEBUG_PANELS, DEBUG_QUESTIONS } = await fetched(import('./debug/debug.js'));
      const panels = createPanelsView(DEBUG_PANELS, acts, { isFolding: true });
      return { ...panels, questions: DEBUG_QUESTIONS };
    }
    case 'executive': {
      const { createExecutiveView, EXECUTIVE_QUESTIONS } = await fetched(
        import('./executive/executive.js'),
      );
      return { ...createExecutiveView(choose), questions: EXECUTIVE_QUESTIONS };
    }
  }
}

const SCRIPT_GONE = 'nearside-script-gone';

/** Waits for a script that is not in the page's first one. After an update of the collector it is there under another name. */
export async function fetched<Module>(module: Promise<Module>): Promise<Module> {
  try {
    const got = await module;
    remember(SCRIPT_GONE, '');
    return got;
  } catch (cause) {
    if (await isOfBefore()) loadAgainOnce(SCRIPT_GONE);
    throw new FleetUnavailable('A script of this page did not arrive. Load it again.', { cause });
  }
}

/** Tells whether the collector's page has another script than this one by now. */
async function isOfBefore(): Promise<boolean> {
  const script = new URL(import.meta.url).pathname.split('/').pop() ?? '';
  const page = await fetch('./', { cache: 'no-store' }).catch(() => undefined);
  return page?.ok === true && !(await page.text()).includes(script);
}

function onCallView(acts: PanelActs): View {
  const health = createHealthSection();
  const panels = createPanelsView(ON_CALL_PANELS, acts);
  return {
    element: element('div', {}, health.element, panels.element),
    questions: ON_CALL_QUESTIONS,
    show(moment, answers) {
      health.show(moment, answers);
      panels.show(moment, answers);
    },
    showOthers: health.showOthers,
  };
}
