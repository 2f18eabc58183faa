import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { PublishOptions } from '../library/publish.js';

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

/** Starts a program as the first process of a PID namespace, as a container does. */
const AS_CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc'] as const;

/** @returns why there can be no PID namespaces here; undefined if there can */
export function whyNoContainers(): string | undefined {
  const [command, ...flags] = AS_CONTAINER;
  const { status, stderr, error } = spawnSync(command, [...flags, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `unshare --pid is refused here: ${error ?? stderr.trim()}`;
}

/** Publishes in a separate process; with `asContainer`, in a separate PID namespace too. */
export async function runPublisher(
  bundle: string,
  {
    asContainer = false,
    ...options
  }: PublishOptions & { readonly killAtRename?: number; readonly asContainer?: boolean },
): Promise<{ printed: string; signal: NodeJS.Signals | null }> {
  const words = [process.execPath, bundle, JSON.stringify(options)];
  const [command, ...rest] = asContainer ? [...AS_CONTAINER, ...words] : words;
  const child = spawn(command as string, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += data;
  });
  const [, signal] = await once(child, 'close');
  return { printed: printed.trim(), signal };
}
