/**
 * The wasm memory that a runtime makes for itself on this thread: nobody tells it otherwise.
 *
 * @returns what `open` gives, and a function for its size, bytes; undefined where it had its memory already
 */
export async function withHeap<Opened>(
  open: () => Promise<Opened>,
): Promise<{ opened: Opened; heapBytes: () => number | undefined }> {
  const { Memory } = WebAssembly;
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  try {
    const opened = await open();
    const heapBytes = () => {
      if (made.length > 0) return made.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
      return undefined;
    };
    return { opened, heapBytes };
  } finally {
    WebAssembly.Memory = Memory;
  }
}
