import type { Store } from '@nearside/core';
import { openIndexedDbStore } from '../stores/indexeddb-store.js';
import { openBrowserDevice, serveInPlace } from './browser-device.js';
import type { TabNews, TabOrder } from './tab-orders.js';

/** A separate tab on the page's IndexedDB and Web Locks. The page may end it at any moment. */
globalThis.addEventListener('message', async ({ data }: MessageEvent<TabOrder>) => {
  const { database, pin, files, stuckAt, stopAtWrite } = data;
  const never = new Promise<never>(() => {});
  const tell = (news: Omit<TabNews, 'requests'>) =>
    globalThis.postMessage({ ...news, requests: [...requests] });
  const { requests } = serveInPlace(files, async (path) => {
    if (path !== stuckAt) return;
    tell({ type: 'stuck' });
    await never;
  });

  let writes = 0;
  async function counted(write: () => Promise<void>): Promise<void> {
    writes += 1;
    if (stopAtWrite === undefined || writes < stopAtWrite) return write();
    if (writes === stopAtWrite) {
      void write();
      tell({ type: 'stuck' });
    }
    await never;
  }
  const below = openIndexedDbStore(database);
  const store: Store = {
    ...below,
    commit: (change) => counted(() => below.commit(change)),
    transact: (keys, decide) => counted(() => below.transact(keys, decide)),
  };

  try {
    const device = openBrowserDevice({ pin, store });
    const installed = await device.install();
    const version = (await device.update()) ?? installed;
    tell({ type: 'done', version: version.release.version });
  } catch (error) {
    tell({ type: 'failed', error: String(error) });
  }
});
