import type { ShowProgress } from './open-model.js';
import { createOpeningView } from './opening-view.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';

/** Shows how a model is opened, and offers another attempt where one fails. Resolves with the first that succeeds. */
export async function openUntilReady<Opened>(
  attempt: (onProgress: ShowProgress) => Promise<Opened>,
): Promise<Opened> {
  const page = document.documentElement;
  const view = createOpeningView(part('opening', HTMLElement));
  const problem = createProblemPanel(part('open-problem', HTMLElement));
  for (;;) {
    try {
      page.dataset.model = 'opening';
      view.start();
      const opened = await attempt(view.update).finally(view.finish);
      page.dataset.model = 'ready';
      return opened;
    } catch (error) {
      page.dataset.model = 'failed';
      await problem.askForRetry(error);
    }
  }
}
