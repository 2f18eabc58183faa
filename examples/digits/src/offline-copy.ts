import { runtimeAssets } from 'nearside';
import { CONFIG_PATH } from './page-config.js';
import { part } from './part.js';

/** Ready means all of it: shell and runtime in the cache, the model verified in the store. The badge says so. */
export async function prepareOffline(opened: Promise<unknown>): Promise<void> {
  const page = document.documentElement;
  const badge = part('offline-copy', HTMLElement);
  try {
    await opened; // first, so that the copy takes no bandwidth from the opening
    await keepOfflineCopy();
    page.dataset.offline = 'ready';
    badge.textContent = 'Ready offline';
  } catch (error) {
    page.dataset.offline = 'unavailable';
    badge.textContent = 'Online only';
    badge.title = error instanceof Error ? error.message : String(error);
  }
  badge.hidden = false;
}

/**
 * Has the service worker keep all that the page needs without a network: its own shell, the
 * library's worker and wasm files, the configuration.
 *
 * @returns when everything is kept
 * @throws when the browser has no service worker, or a file could not be fetched
 */
async function keepOfflineCopy(): Promise<void> {
  if (!navigator.serviceWorker) throw new Error('This browser keeps no pages for offline use.');
  await navigator.serviceWorker.register('/sw.js');
  const { active } = await navigator.serviceWorker.ready;
  if (!active) throw new Error('Expected an active service worker, got none.');
  const { port1, port2 } = new MessageChannel();
  const replied = new Promise<{ ok: boolean; message?: string }>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  active.postMessage({ keep: [...runtimeAssets(), CONFIG_PATH] }, [port2]);
  const { ok, message } = await replied;
  port1.close();
  if (!ok) throw new Error(message);
}
