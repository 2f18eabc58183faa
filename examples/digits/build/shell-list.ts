import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const SHELL_FILE = /\.(html|css|svg|png|webmanifest)$/;

/** The files that the library brings along: copied by the bundler as it is, not bundled. */
const RUNTIME_FILE = /\.(js|wasm)$/;

/**
 * Writes into `sw.js` what the shell is made of (pages, scripts, styles, icons), what the runtime
 * is made of (workers and wasm), and a name for this build.
 */
export function shellList(): Plugin {
  let publicDir = '';
  return {
    name: 'shell-list',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle(_options, bundle) {
      const files = new Map<string, string | Uint8Array>();
      for (const output of Object.values(bundle)) {
        if (output.fileName === 'sw.js') continue;
        if (output.type === 'chunk') files.set(output.fileName, output.code);
        else if (SHELL_FILE.test(output.fileName)) files.set(output.fileName, output.source);
      }
      for (const name of readdirSync(publicDir)) {
        files.set(name, readFileSync(join(publicDir, name)));
      }
      const runtime = Object.values(bundle)
        .filter(({ type, fileName }) => type === 'asset' && RUNTIME_FILE.test(fileName))
        .map(({ fileName }) => addressOf(fileName));
      const names = [...files.keys()].sort();
      const hash = createHash('sha256');
      for (const name of runtime) hash.update(name);
      for (const name of names) hash.update(name).update(files.get(name) ?? '');

      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk') throw new Error('shell-list: expected sw.js in the bundle');
      worker.code = worker.code
        .replaceAll('__SHELL__', JSON.stringify(names.map(addressOf)))
        .replaceAll('__RUNTIME__', JSON.stringify(runtime))
        .replaceAll('__BUILD__', JSON.stringify(hash.digest('hex').slice(0, 16)));
    },
  };
}

/** The first page is asked for by its folder. */
function addressOf(name: string): string {
  return name === 'index.html' ? '/' : `/${name}`;
}
