import { createMemoryStore, openModelInstallation, parseModelAddress } from '@nearside/artifact';
import { CAPABILITIES } from '@nearside/pipeline';

/**
 * Opens a model as a device does that has nothing yet, by its boot file first.
 *
 * @param {{ url: string, trust: string }} address
 * @param {string} installId
 * @returns {Promise<Error[]>} why it does not open; nothing where it does
 */
export async function openOnce({ url, trust }, installId) {
  const installation = openModelInstallation({
    address: parseModelAddress(url),
    pin: trust,
    store: createMemoryStore(),
    installId,
    support: { runtimes: ['onnx', 'tfjs'], features: CAPABILITIES },
    onEvent() {},
  });
  const read = async () => {
    const version = await installation.open();
    await installation.readFiles(version, ['model.json', ...version.spec.variants[0].files]);
  };
  try {
    await read().catch((error) => {
      // a page, too, opens a version again that the boot file offered and the repository no longer does
      if (error.code !== 'version-revoked') throw error;
      return read();
    });
    return [];
  } catch (error) {
    return [error];
  } finally {
    await installation.close();
  }
}
