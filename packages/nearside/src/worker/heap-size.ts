type Instantiated = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;

/**
 * Watches the memories of the runtime that this worker is about to load: those that JavaScript makes,
 * and those that a wasm instance makes and exports. A wasm memory grows and never shrinks.
 *
 * `serve` calls it at the top of a worker, before a runtime starts: `backends/given-module.ts` then puts its own
 * `WebAssembly.instantiate` in front of this one, and takes it away again.
 *
 * @returns how much they hold now, bytes
 */
export function watchHeap(): () => number {
  const memories = new Set<WebAssembly.Memory>();
  const { instantiate, Instance, Memory } = WebAssembly;

  function watchExports({ exports }: WebAssembly.Instance): void {
    for (const value of Object.values(exports)) if (value instanceof Memory) memories.add(value);
  }

  function watching<Constructor extends new (...args: never[]) => object>(
    original: Constructor,
    watch: (made: InstanceType<Constructor>) => void,
  ): Constructor {
    return new Proxy(original, {
      construct(target, args, newTarget) {
        const made: InstanceType<Constructor> = Reflect.construct(target, args, newTarget);
        watch(made);
        return made;
      },
    });
  }

  WebAssembly.Memory = watching(Memory, (memory) => memories.add(memory));
  WebAssembly.Instance = watching(Instance, watchExports);
  WebAssembly.instantiate = (async (source: never, imports?: WebAssembly.Imports) => {
    const result: Instantiated = await instantiate(source, imports);
    watchExports('instance' in result ? result.instance : result);
    return result;
  }) as typeof instantiate;
  return () => {
    let sizeBytes = 0;
    for (const { buffer } of memories) sizeBytes += buffer.byteLength;
    return sizeBytes;
  };
}
