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
 * or an address, and compile themselves: they are given the bytes of an empty module, and whoever instantiates these
 * next has an instance of the runtime.
 *
 * @param wrap what the loader is to have of the instance in place of its exports
 * @returns the bytes to give to the loader, which is to instantiate them once
 */
export function bytesFor(
  module: WebAssembly.Module,
  wrap = (exports: WebAssembly.Exports) => exports,
): Uint8Array<ArrayBuffer> {
  const { instantiate } = WebAssembly;
  const replaced = async (
    source: BufferSource | WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ) => {
    if (!isEmptyModule(source)) return instantiate(source as BufferSource, imports);
    if (WebAssembly.instantiate === replaced) WebAssembly.instantiate = instantiate;
    const { exports } = await instantiate(module, imports);
    return { module, instance: { exports: wrap(exports) } };
  };
  WebAssembly.instantiate = replaced as typeof instantiate;
  return EMPTY_MODULE.slice();
}

function isEmptyModule(source: BufferSource | WebAssembly.Module): boolean {
  return !(source instanceof WebAssembly.Module) && source.byteLength === EMPTY_MODULE.byteLength;
}
