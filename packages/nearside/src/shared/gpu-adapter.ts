import type { AvailableBackend } from './api/backends.js';

/** Asking can fail once and succeed at once after it (seen with Chromium 156 and Firefox 153). */
export async function requestAdapter(): Promise<GPUAdapter | undefined> {
  const { gpu } = globalThis.navigator ?? {};
  for (let tries = 0; gpu && tries < 2; tries += 1) {
    const adapter = await gpu
      .requestAdapter({ powerPreference: 'high-performance' })
      .catch(() => null);
    if (adapter) return adapter;
  }
  return undefined;
}

/** Vendor and architecture as the browser tells them, such as `google swiftshader`. */
export function describeAdapter({ vendor, architecture }: GPUAdapterInfo): string {
  return [vendor, architecture].filter(Boolean).join(' ') || 'gpu';
}

/**
 * ONNX Runtime's file for WebGPU suspends its wasm while the GPU works (JSPI): Chromium 137, Firefox 153, Safari 27.
 *
 * @returns what the browser lacks for a backend on a GPU beside an adapter, in words
 */
export function missingFor(backend: AvailableBackend): string | undefined {
  return backend === 'onnx-webgpu' && !hasJspi() ? 'JSPI (`WebAssembly.Suspending`)' : undefined;
}

/** TypeScript's library has none of it. */
interface Jspi {
  readonly Suspending: new (work: () => void) => object;
  readonly promising: unknown;
}

/** It may be there and refuse. */
function hasJspi(): boolean {
  try {
    const { Suspending, promising } = WebAssembly as unknown as Jspi;
    return new Suspending(() => {}) && typeof promising === 'function';
  } catch {
    return false;
  }
}
