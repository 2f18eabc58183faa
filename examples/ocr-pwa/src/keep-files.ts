import { type AvailableBackend, runtimeAssets } from 'nearside';
import { CONFIG_ADDRESS } from './app-config.js';

/** As vite.config.ts names it: the service worker answers from it, and does not write to it but for the configuration. */
const CACHE_NAME = 'kept';

/**
 * Keeps what the precache lacks: the configuration, and the runtime of the GPU that the model came to be served on.
 * A device that serves on the CPU finds its runtime in the precache.
 */
export async function keepFiles(backend: string): Promise<void> {
  const wanted = [
    CONFIG_ADDRESS,
    ...(isOnGpu(backend) ? runtimeAssets({ backends: [backend] }) : []),
  ];
  const cache = await caches.open(CACHE_NAME);
  for (const { url } of await cache.keys()) {
    if (!wanted.includes(url)) await cache.delete(url); // of a build before, or of another backend
  }
  for (const address of wanted) {
    if (!(await cache.match(address))) await cache.add(address);
  }
}

function isOnGpu(backend: string): backend is AvailableBackend {
  return backend === 'onnx-webgpu' || backend === 'tfjs-webgpu';
}
