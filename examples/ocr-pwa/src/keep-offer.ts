import type { ModelOf } from 'nearside';
import { part } from './part.js';

/** Chromium's event, which no standard has: the app can be installed. */
interface InstallEvent extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

let install: InstallEvent | undefined;

/**
 * Offers to keep the app: asked for at the first text that was read, not at load. Only then, or when the app is
 * installed, the browser is asked never to clear its data.
 */
export function prepareKeepOffer(opened: Promise<ModelOf<'ocr'>>): { show(): Promise<void> } {
  const panel = part('keep');
  const installButton = part('install');
  const keepButton = part('keep-now');
  const said = part('keep-said');

  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    install = event as InstallEvent;
    installButton.hidden = false;
  });
  addEventListener('appinstalled', () => {
    installButton.hidden = true;
    void keep();
  });
  installButton.addEventListener('click', () => void install?.prompt());
  keepButton.addEventListener('click', () => void keep());

  async function keep(): Promise<void> {
    const model = await opened;
    const { persisted } = await model.storage({ persist: true });
    keepButton.hidden = persisted === true;
    said.textContent = persisted
      ? 'Kept. The browser will not clear it.'
      : 'The browser may still clear it when space runs short. Installed apps are safer.';
    panel.hidden = false;
  }

  async function show(): Promise<void> {
    if (!panel.hidden) return;
    const { kind, persisted } = await (await opened).storage();
    panel.hidden = kind === 'memory' || persisted === true;
  }
  return { show };
}
