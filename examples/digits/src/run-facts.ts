import type { ModelStats, RunMeta } from 'nearside';
import { part } from './part.js';

const STAGES = ['queue', 'pre', 'run', 'post'] as const;

/** Tells how a result came about: who computed it and how long each stage took. */
export function showRunFacts(meta: RunMeta): void {
  const times = { queue: meta.queueMs, pre: meta.preMs, run: meta.runMs, post: meta.postMs };
  for (const stage of STAGES) {
    setText(`time-${stage}`, formatMs(times[stage]));
    part(`share-${stage}`, HTMLElement).style.flexGrow = String(times[stage]);
  }
  const total = STAGES.reduce((sum, stage) => sum + times[stage], 0);
  setText('time-total', formatMs(total));
  part('timings', HTMLElement).hidden = false;
}

export function hideRunFacts(): void {
  part('timings', HTMLElement).hidden = true;
}

/** Tells what is open, and where its bytes came from. */
export function showModelFacts({ model, version, variant, backend, opening }: ModelStats): void {
  setText('fact-model', `${model} ${version}`);
  setText('fact-backend', backend);
  setText('fact-variant', variant);
  setText('fact-opened', formatMs(opening.totalMs));
  setText(
    'fact-origin',
    opening.origin === 'network'
      ? `${formatBytes(opening.fetchedBytes)}downloaded, verified`
      : 'verified from this device',
  );
  part('fact-origin', HTMLElement).dataset.origin = opening.origin;
  part('facts', HTMLElement).hidden = false;
}

function setText(id: string, text: string): void {
  part(id, HTMLElement).textContent = text;
}

function formatMs(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

function formatBytes(bytes: number): string {
  return bytes > 0 ? `${(bytes / 1024).toFixed(0)} KB ` : '';
}
