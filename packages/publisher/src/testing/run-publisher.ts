import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { PublishOptions } from '../publish.js';

/** Bundles `publisher-process.ts`, so that plain Node runs it, and returns the file. */
export async function bundlePublisher(directory: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@nearside/source'] },
    ssr: { noExternal: true, resolve: { conditions: ['@nearside/source', 'node', 'import'] } },
    build: {
      ssr: fileURLToPath(new URL('publisher-process.ts', import.meta.url)),
      outDir: directory,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'publisher.mjs' } },
    },
  });
  return join(directory, 'publisher.mjs');
}

/** Publishes in a process of its own. */
export async function runPublisher(
  bundle: string,
  options: PublishOptions & { readonly killAtRename?: number },
): Promise<{ printed: string; signal: NodeJS.Signals | null }> {
  const child = spawn(process.execPath, [bundle, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += data;
  });
  const [, signal] = await once(child, 'close');
  return { printed: printed.trim(), signal };
}
