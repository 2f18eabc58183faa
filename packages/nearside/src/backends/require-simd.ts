import type { BackendName } from '@nearside/core';
import { unsupported } from './backend-error.js';

/** A module of one function that returns `i32x4.splat(0)` as a v128 and drops it. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
  ...[1, 4, 1, 0x60, 0, 0], // type: () → ()
  ...[3, 2, 1, 0], // function 0 is of type 0
  ...[10, 9, 1, 7, 0, 0x41, 0, 0xfd, 17, 0x1a, 11], // i32.const 0, i32x4.splat, drop, end
);

/**
 * Every wasm file of the runtimes needs fixed-width SIMD (WebAssembly 2.0): Chromium 91, Firefox 89,
 * Safari 16.4. Some hardened browsers have no WebAssembly at all.
 *
 * @throws NearsideError `no-backend`
 */
export function requireSimd(backend: BackendName): void {
  const { WebAssembly: engine } = globalThis as { WebAssembly?: typeof WebAssembly };
  if (!engine?.validate(SIMD_MODULE)) throw unsupported(backend, 'WebAssembly with SIMD');
}
