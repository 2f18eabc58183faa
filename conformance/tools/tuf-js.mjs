import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Updater } from 'tuf-js';
import { verdictOf } from './verdict.mjs';

const { version } = createRequire(import.meta.url)('tuf-js/package.json');

/** The TUF client of the Sigstore project for Node: metadata and the first target it finds. */
export const tufJs = {
  name: 'tuf-js',
  version,
  /** @param {{ directory: string, firstRoot: Buffer, targets: readonly string[] }} options */
  async open({ directory, firstRoot, targets }) {
    const metadataDir = join(directory, 'metadata');
    const targetDir = join(directory, 'targets');
    for (const folder of [metadataDir, targetDir]) await mkdir(folder, { recursive: true });
    await writeFile(join(metadataDir, 'root.json'), firstRoot);
    return {
      /** @returns {Promise<import('./verdict.mjs').Verdict>} */
      visit(url) {
        return verdictOf(async () => {
          const updater = new Updater({
            metadataDir,
            metadataBaseUrl: `${url}/metadata`,
            targetDir,
            targetBaseUrl: `${url}/targets`,
            config: { fetchRetries: 0, fetchRetry: 0 },
          });
          await updater.refresh();
          await downloadFirst(updater, targets, targetDir);
        }, reasonOf);
      },
    };
  },
};

async function downloadFirst(updater, targets, targetDir) {
  for (const [index, name] of targets.entries()) {
    const info = await updater.getTargetInfo(name);
    if (info) {
      const file = await updater.downloadTarget(info, join(targetDir, `${index}`));
      return readFile(file);
    }
  }
  throw new Error(`none of ${targets.join(', ')}`);
}

/** `loadSnapshot` and `loadTargets` leave nothing of their cause but its text. */
function reasonOf(error) {
  const [, wrapped] = /^Unable to load \w+(?: metadata)? error (.+)$/.exec(error.message) ?? [];
  return wrapped ?? error.constructor.name;
}
