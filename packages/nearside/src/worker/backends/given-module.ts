import { EMPTY_MODULE } from '../../shared/compile-wasm.js';
import type { CompiledWasm } from './backend.js';

/**
 * Makes a runtime's loader take a module that is compiled already. The loaders of both runtimes take nothing but bytes
 * or an address, and compile themselves: they are given the bytes of a module that is empty, and whoever
 * instantiates these has an instance of the runtime.
 *
 * `../heap-size.ts` has replaced `WebAssembly.instantiate` before, for as long as the worker lives: the module is
 * instantiated by that one, which sees the runtime's own exports.
 *
 * @param wrap what the loader is to have of the instance in place of its exports
 * @returns the bytes to give to the loader, which is to instantiate them once
 */
export function bytesFor(
  compiled: CompiledWasm,
  wrap = (exports: WebAssembly.Exports) => exports,
): Uint8Array<ArrayBuffer> {
  const module = compiled as WebAssembly.Module;
  const standIn = makeStandIn();
  const { instantiate } = WebAssembly;
  const replaced = async (source: BufferSource, imports?: WebAssembly.Imports) => {
    if (source.byteLength !== standIn.byteLength) return instantiate(source, imports);
    if (WebAssembly.instantiate === replaced) WebAssembly.instantiate = instantiate;
    const { exports } = await instantiate(module, imports);
    return { module, instance: { exports: wrap(exports) } };
  };
  WebAssembly.instantiate = replaced as typeof instantiate;
  return standIn;
}

/** In Node several runtimes may start at a time, in one scope; a dozen at most. */
let made = 0;

/** Each has another length, of a custom section without a name. No module that does anything is so short. */
function makeStandIn(): Uint8Array<ArrayBuffer> {
  made += 1;
  const bytes = new Uint8Array(EMPTY_MODULE.length + 2 + made);
  bytes.set(EMPTY_MODULE); // then the section's id, which is 0, and its size
  bytes[EMPTY_MODULE.length + 1] = made;
  return bytes;
}
