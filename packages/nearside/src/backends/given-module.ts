import type { CompiledWasm } from './backend.js';

/** `\0asm` and version 1: the smallest module there is, which no runtime is. */
export const EMPTY_MODULE: Readonly<Uint8Array<ArrayBuffer>> = Uint8Array.of(
  0,
  0x61,
  0x73,
  0x6d,
  1,
  0,
  0,
  0,
);

/**
 * Makes a runtime's loader take a module that is compiled already. The loaders of both runtimes take nothing but bytes
 * or an address, and compile themselves: they are given the bytes of an empty module with a number, and whoever
 * instantiates these has an instance of the runtime.
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
  const replaced = async (source: Source, imports?: WebAssembly.Imports) => {
    if (!isSame(source, standIn)) return instantiate(source as BufferSource, imports);
    if (WebAssembly.instantiate === replaced) WebAssembly.instantiate = instantiate;
    const { exports } = await instantiate(module, imports);
    return { module, instance: { exports: wrap(exports) } };
  };
  WebAssembly.instantiate = replaced as typeof instantiate;
  return standIn;
}

type Source = BufferSource | WebAssembly.Module;

/** In Node several runtimes may start at a time, in one scope. */
let made = 0;

/** The number is in a custom section without a name. */
function makeStandIn(): Uint8Array<ArrayBuffer> {
  made += 1;
  return Uint8Array.of(...EMPTY_MODULE, 0, 3, 0, made & 0xff, (made >> 8) & 0xff);
}

function isSame(source: Source, standIn: Uint8Array): boolean {
  if (source instanceof WebAssembly.Module || source.byteLength !== standIn.byteLength)
    return false;
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return bytes.every((byte, i) => byte === standIn[i]);
}
