/**
 * Keeps this app usable without a network. The shell is cached at install; the worker and wasm
 * files and the configuration when the page asks. Cached responses are the server's own, headers
 * included, so a page from here is as isolated (COOP, COEP) as one from there. The model's files
 * are none of its business: the library keeps them verified in IndexedDB.
 */
declare const self: ServiceWorkerGlobalScope;
/** These are written in at build time. */
declare const __SHELL__: readonly string[];
declare const __RUNTIME__: readonly string[];
declare const __BUILD__: string;

const CACHE_NAME = `digits-${__BUILD__}`;
const CONFIG_PATH = '/nearside.config.json';
const MODEL_REPOSITORY = /^\/(metadata|targets|chunks|boot|deltas)\//;

self.addEventListener('install', (event) => {
  event.waitUntil(cacheShell().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(deleteOldCaches().then(() => self.clients.claim()));
});

self.addEventListener('message', (event) => {
  const { keep } = event.data as { keep: readonly string[] };
  const [reply] = event.ports;
  event.waitUntil(
    keepFiles(keep).then(
      () => reply?.postMessage({ ok: true }),
      (error) => reply?.postMessage({ ok: false, message: String(error) }),
    ),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (MODEL_REPOSITORY.test(pathname)) return;
  event.respondWith(pathname === CONFIG_PATH ? networkFirst(request) : cacheFirst(request));
});

/** An update takes the runtime along: a page that was ready offline stays so without asking. */
async function cacheShell(): Promise<void> {
  const updates = (await caches.keys()).some(isOld);
  const addresses = updates ? [...__SHELL__, ...__RUNTIME__, CONFIG_PATH] : __SHELL__;
  const cache = await caches.open(CACHE_NAME);
  await cache.addAll(addresses.map((address) => new Request(address, { cache: 'no-cache' })));
}

function isOld(name: string): boolean {
  return name.startsWith('digits-') && name !== CACHE_NAME;
}

async function deleteOldCaches(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter(isOld).map((name) => caches.delete(name)));
}

async function keepFiles(addresses: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE_NAME);
  for (const address of addresses) {
    if (!(await cache.match(address))) await cache.add(address);
  }
}

async function networkFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE_NAME);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}

/** `?backend=…` is for the page, not for the server. */
async function cacheFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE_NAME);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}

export {};
