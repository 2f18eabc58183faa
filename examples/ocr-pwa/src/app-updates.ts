/**
 * Registers the service worker, and tells of a new version of the app as soon as all its files are there. It takes
 * over when the person says so: `reload` then brings it, here and in no other tab.
 */
export async function registerApp(onUpdate: (reload: () => void) => void): Promise<void> {
  const workers = navigator.serviceWorker;
  let isControlled = workers.controller !== null;
  let isAccepted = false;

  const offer = (waiting: ServiceWorker) =>
    onUpdate(() => {
      isAccepted = true;
      waiting.postMessage({ type: 'SKIP_WAITING' }); // workbox's word
    });
  const reload = () => location.reload();

  workers.addEventListener('controllerchange', () => {
    if (isAccepted) reload();
    else if (isControlled) onUpdate(reload); // another tab has accepted it
    isControlled = true;
  });

  const registration = await workers.register(new URL('sw.js', document.baseURI));
  if (registration.waiting && registration.active) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const arriving = registration.installing;
    arriving?.addEventListener('statechange', () => {
      if (arriving.state === 'installed' && registration.active) offer(arriving);
    });
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) registration.update().catch(() => {}); // without a network there is none
  });
}
