import type { Store } from '@nearside/core';
import {
  type ModelInstallation,
  openModelInstallation,
} from '../installation/model-installation.js';
import type { InstallationEvent } from '../installation/model-on-device.js';
import type { OpenedRelease } from '../installation/opened-release.js';
import { openSealedInstallation, type SealedOptions } from '../installation/sealed-installation.js';
import { WEIGHTS } from './sign-repository.js';

export const REPOSITORY = 'https://models.example/';

/** A device in a browser, whose network is `serveInPlace`. */
export function openBrowserDevice({ pin, store }: { pin: string; store: Store }) {
  const events: InstallationEvent[] = [];
  const onEvent = (event: InstallationEvent) => events.push(event);
  const how = { pin, store, installId: '0'.repeat(32), onEvent };
  return deviceOf(openModelInstallation({ ...TINY, ...how }), events);
}

/** The same for the one version that a seal names. */
export async function openSealedDevice(
  options: Pick<SealedOptions, 'sealSha256' | 'store' | 'boot' | 'mirrors'>,
) {
  const events: InstallationEvent[] = [];
  const onEvent = (event: InstallationEvent) => events.push(event);
  return deviceOf(await openSealedInstallation({ ...TINY, ...options, onEvent }), events);
}

const TINY = {
  address: { repository: REPOSITORY, model: 'tiny' },
  support: { runtimes: ['onnx'], features: [] },
};

function deviceOf(installation: ModelInstallation, events: InstallationEvent[]) {
  const names = [WEIGHTS, 'golden/x.bin', 'golden/y.bin'];
  async function install(): Promise<OpenedRelease> {
    const version = await installation.open();
    await installation.readFiles(version, names);
    await installation.activate(version, 'test');
    return version;
  }
  return {
    ...installation,
    events,
    install,
    async update(): Promise<OpenedRelease | undefined> {
      const { next } = await installation.check();
      if (!next) return undefined;
      const version = await installation.openCandidate(next.sequence);
      await installation.readFiles(version, names);
      await installation.spendTry(next.sequence);
      await installation.activate(version, 'test');
      return version;
    },
  };
}

/** Puts a repository, or a sealed folder, in the place of the network of this page or worker. */
export function serveInPlace(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  onRequest: (path: string) => Promise<void> = async () => {},
): { readonly requests: string[] } {
  const requests: string[] = [];
  globalThis.fetch = async (input, { signal } = {}) => {
    const path = String(input).slice(REPOSITORY.length);
    requests.push(path);
    await Promise.race([onRequest(path), aborted(signal)]);
    const bytes = files.get(path);
    return bytes ? new Response(bytes) : new Response('no', { status: 404 });
  };
  return { requests };
}

function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}
