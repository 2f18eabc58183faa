import {
  createMemoryStore,
  openModelInstallation,
  openRepositorySource,
  parseModelAddress,
  pinOf,
  refreshMetadata,
} from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import { verdictOf } from './verdict.mjs';

/** A device that keeps what it came to trust from one visit to the next. */
export async function openDevice({ firstRoot, model }) {
  const pin = await pinOf(new Uint8Array(firstRoot));
  const store = createMemoryStore();
  let hasOpened = false;
  return {
    /** @returns {Promise<import('./verdict.mjs').Verdict>} */
    visit(url) {
      const installation = openModelInstallation({
        address: parseModelAddress(`${url}/${model}`),
        pin,
        store,
        installId: '0'.repeat(32),
        support: { runtimes: ['onnx', 'tfjs'] },
        onEvent() {},
      });
      return verdictOf(async () => {
        if (hasOpened) return update(installation);
        await installation.open();
        hasOpened = true;
      }, codeOf);
    },
  };
}

/** `open` is content with what it knows; an update asks the repository. */
async function update(installation) {
  const { next } = await installation.check();
  if (next) await installation.openCandidate(next.sequence);
}

/** A device whose way ends at the targets: other writers' repositories hold no models of ours. */
export function openMetadataReader({ firstRoot, targets }) {
  let trusted;
  return {
    /** @returns {Promise<import('./verdict.mjs').Verdict>} */
    visit(url) {
      return verdictOf(async () => {
        const source = openRepositorySource(`${url}/`, {});
        const pin = await pinOf(new Uint8Array(firstRoot));
        trusted = await refreshMetadata(source, { pin, trusted, nowMs: Date.now() });
        const missing = targets.filter((name) => !trusted.targets.signed.targets[name]);
        if (missing.length > 0) throw new Error(`no ${missing.join(', ')}`);
      }, codeOf);
    },
  };
}

/** Whatever carries no code is a mistake, here or in the device, and no verdict. */
function codeOf(error) {
  if (isNearsideError(error)) return error.code;
  throw error;
}
