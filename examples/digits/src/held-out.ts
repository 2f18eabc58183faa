import type { Model } from 'nearside';
import { offerBackends } from './chosen-backend.js';
import { createDigitGrid } from './digit-grid.js';
import { formatPercent } from './format-percent.js';
import { digitPngs, fetchHeldOut, type HeldOutDigit } from './held-out-data.js';
import { openModel } from './open-model.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';
import { readAll } from './read-all.js';

const page = document.documentElement;
const problem = createProblemPanel(part('problem', HTMLElement));
const bar = part('bar', HTMLProgressElement);

offerBackends(part('backend', HTMLSelectElement));
void runUntilDone();

async function runUntilDone(): Promise<void> {
  for (;;) {
    try {
      page.dataset.state = 'running';
      await run();
      page.dataset.state = 'done';
      return;
    } catch (error) {
      page.dataset.state = 'failed';
      await problem.askForRetry(error);
    }
  }
}

async function run(): Promise<void> {
  const digits = await fetchHeldOut();
  const grid = createDigitGrid(digits);
  const pictures = await digitPngs(digits);
  const { model } = await openModel(() => {});
  try {
    part('opened', HTMLElement).textContent = `${model.stats().opening.totalMs.toFixed(0)} ms`;
    const tally = createTally(digits);
    const labels = await readAll(model, {
      pictures,
      onRead(index, label) {
        grid.mark(index, label);
        tally(index, label);
      },
    });
    await model.close();
    publishOutcome(model, { digits, labels });
  } finally {
    await model.close();
  }
}

/** Running accuracy and speed. */
function createTally(digits: readonly HeldOutDigit[]): (index: number, label: string) => void {
  const accuracy = part('accuracy', HTMLElement);
  const misread = part('misread-count', HTMLElement);
  const throughput = part('throughput', HTMLElement);
  const startMs = performance.now();
  let done = 0;
  let correct = 0;
  bar.max = digits.length;
  return (index, label) => {
    done += 1;
    if (digits[index]?.label === label) correct += 1;
    bar.value = done;
    accuracy.textContent = formatPercent(correct / done);
    misread.textContent = String(done - correct);
    throughput.textContent = ((1000 * done) / (performance.now() - startMs)).toFixed(0);
  };
}

/** For machines: what came out, after the report of it was sealed. */
function publishOutcome(
  model: Model,
  { digits, labels }: { digits: readonly HeldOutDigit[]; labels: readonly string[] },
): void {
  const { backend, opening, reports } = model.stats();
  const correct = labels.filter((label, index) => label === digits[index]?.label).length;
  const accuracy = correct / digits.length;
  const outcome = document.createElement('script');
  outcome.type = 'application/json';
  outcome.id = 'outcome';
  outcome.textContent = JSON.stringify({
    backend,
    n: digits.length,
    correct,
    accuracy,
    labels,
    openMs: opening.totalMs,
    origin: opening.origin,
    sealedReports: reports?.sealed,
  });
  document.body.append(outcome);
  part('status', HTMLElement).textContent =
    `Done: ${correct} of ${digits.length} right with ${backend}.`;
}
