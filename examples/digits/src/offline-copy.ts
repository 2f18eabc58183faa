import { runtimeAssets } from 'nearside';
import { CONFIG_PATH } from './page-config.js';

/**
 * Has the service worker keep all that the page needs without a network: its own shell, the
 * library's worker and wasm files, the configuration.
 *
 * @returns when everything is kept
 * @throws when the browser has no service worker, or a file could not be fetched
 */
export async function keepOfflineCopy(): Promise<void> {
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
