import { openModelInstallation, parseModelAddress, variantFiles } from '@nearside/artifact';

/** All devices of this suite have these. */
export const DEVICE = {
  installId: '0'.repeat(32),
  support: { runtimes: ['onnx'] },
  onEvent: () => {},
};

/**
 * A device as the library's worker is one, without a backend: what it fetches, stores, verifies and
 * activates is the same. Runs in Node and in pages.
 *
 * @param {{ url: string, pin: string, store: import('@nearside/core').Store }} options
 */
export function openDevice({ url, pin, store }) {
  const installation = openModelInstallation({
    ...DEVICE,
    address: parseModelAddress(url),
    pin,
    store,
  });

  /** Opens what this device runs, and reads all of it. */
  async function read() {
    const version = await installation.open();
    return { version, files: await installation.readFiles(version, filesOf(version)) };
  }

  return {
    installation,
    read,
    /** @returns the version it runs afterwards */
    async install() {
      const { version } = await read();
      await installation.activate(version, 'bench');
      return version.release.version;
    },
    /** @returns the version it runs afterwards; undefined when nothing is new */
    async update() {
      const { next } = await installation.check();
      if (!next) return undefined;
      const version = await installation.openCandidate(next.sequence);
      await installation.readFiles(version, filesOf(version));
      await installation.spendTry(next.sequence);
      await installation.activate(version, 'bench');
      return version.release.version;
    },
  };
}

/** All that a device needs of the first variant. */
export function filesOf({ spec, golden }) {
  return variantFiles(spec, spec.variants[0], golden);
}
