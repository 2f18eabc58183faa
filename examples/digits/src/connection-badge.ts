/** Shows a badge while the device has no network. */
export function watchConnection(badge: HTMLElement): void {
  const update = () => {
    badge.hidden = navigator.onLine;
  };
  addEventListener('online', update);
  addEventListener('offline', update);
  update();
}
