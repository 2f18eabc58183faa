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
  const { WebAssembly: engine = {} } = globalThis as { WebAssembly?: object };
  const isMissing = backend === 'onnx-webgpu' && !('Suspending' in engine);
  return isMissing ? 'JSPI (`WebAssembly.Suspending`)' : undefined;
}
