import { type LoadPhase, type ModelOf, open, type Progress } from 'nearside';
import { fetchAppConfig } from './app-config.js';
import { showOfflineState } from './offline-state.js';
import { part } from './part.js';
import { showProblem } from './problem-panel.js';

const SENTENCES: Record<LoadPhase, string> = {
  metadata: 'Checking signatures…',
  runtime: 'Loading the reader…',
  weights: 'Loading the reader…',
  check: 'Checking it on this device…',
};

/**
 * Opens the model, which stores it on this device. Shows how far it is; the person can cancel, and try again
 * after that or after a failure. What has arrived by then is not fetched again.
 *
 * @returns the model of the first attempt that succeeds
 */
export async function openReader(): Promise<ModelOf<'ocr'>> {
  for (;;) {
    const cancelling = new AbortController();
    try {
      return await attempt(cancelling);
    } catch (error) {
      const isCancelled = cancelling.signal.aborted;
      setState(isCancelled ? 'cancelled' : 'failed');
      if (!isCancelled) showOfflineState('needs-connection');
      showProblem(part('open-problem'), isCancelled ? undefined : error);
      await pressed(isCancelled ? 'open-again' : 'retry');
    }
  }
}

async function attempt(cancelling: AbortController): Promise<ModelOf<'ocr'>> {
  const { signal } = cancelling;
  const cancel = part('cancel');
  cancel.addEventListener('click', () => cancelling.abort(), { signal });
  showProblem(part('open-problem'), undefined);
  setState('opening');
  showProgress(undefined);
  const { model, trust, report } = await fetchAppConfig(signal);
  part('reported').textContent = report
    ? 'Only counts and timings are reported.'
    : 'Nothing is reported.';
  const opened = await open(model, {
    trust,
    report,
    task: 'ocr',
    signal,
    onProgress: showProgress,
  });
  setState('ready');
  return opened;
}

/** The page shows what belongs to a state by itself: see `[data-model]` in style.css. */
function setState(state: 'opening' | 'ready' | 'failed' | 'cancelled'): void {
  document.documentElement.dataset.model = state;
}

function showProgress(progress: Progress | undefined): void {
  const bar = part('progress', HTMLProgressElement);
  const sentence = progress ? SENTENCES[progress.phase] : 'Loading the reader…';
  const phase = part('phase');
  if (phase.textContent !== sentence) phase.textContent = sentence; // only a change is announced
  if (progress) bar.value = progress.ratio;
  else bar.removeAttribute('value');
  part('loaded').textContent = progress?.totalBytes
    ? `${inMegabytes(progress.loadedBytes)} of ${inMegabytes(progress.totalBytes)} MB`
    : '';
}

function inMegabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

function pressed(button: string): Promise<unknown> {
  return new Promise((resolve) => part(button).addEventListener('click', resolve, { once: true }));
}
