import type { ModelOf } from 'nearside';
import { keepFiles } from './keep-files.js';
import { part } from './part.js';

type OfflineState = keyof typeof SENTENCES;

const SENTENCES = {
  unknown: '',
  'needs-connection': 'Needs a connection once',
  ready: 'Ready offline',
  unavailable: 'Works online only',
} as const;

export function showOfflineState(state: OfflineState): void {
  const badge = part('offline-state');
  badge.dataset.state = state;
  badge.textContent = SENTENCES[state];
}

/**
 * Waits until nothing is missing for a start without a network: the app's own files in the precache, the model
 * in the library's store, and the runtime that serves it.
 */
export async function becomeReadyOffline(model: ModelOf<'ocr'>): Promise<OfflineState> {
  if (!navigator.serviceWorker) return 'unavailable';
  await navigator.serviceWorker.ready;
  await keepFiles(model.stats().backend);
  model.on('backend-selected', ({ backend }) => {
    keepFiles(backend).catch(() => showOfflineState('needs-connection'));
  });
  const { kind, degraded } = await model.storage();
  return kind === 'persistent' && !degraded ? 'ready' : 'unavailable';
}
