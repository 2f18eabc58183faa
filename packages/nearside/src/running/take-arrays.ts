import { kindOf, type Tensor } from '@nearside/core';

type Data = Tensor['data'] | Uint8ClampedArray;

/**
 * Takes arrays as they are now: copies of them, or with `transfer` themselves. Memory that cannot be given
 * away, which is shared or WebAssembly's, is copied either way; only giving it away tells, and what was
 * given away together with it would be lost.
 */
export function takeArrays(arrays: readonly Data[], transfer: boolean): Data[] {
  const taken = new Map<Data, Data | undefined>();
  for (const array of arrays) {
    if (taken.has(array)) continue;
    const memory = memoryOf(array);
    const beside = arrays.filter((other) => memoryOf(other) === memory);
    const moved = transfer ? move(beside, memory) : undefined;
    for (const [i, one] of beside.entries()) taken.set(one, moved?.[i] ?? copy(one));
  }
  return arrays.map((array) => taken.get(array) as Data);
}

function memoryOf(data: Data): ArrayBuffer | undefined {
  return (data as { buffer?: ArrayBuffer }).buffer;
}

function move(arrays: Data[], memory: ArrayBuffer | undefined): Data[] | undefined {
  try {
    return structuredClone(arrays, { transfer: [memory as ArrayBuffer] });
  } catch {
    return undefined;
  }
}

/** An array of this realm's. Node's Buffer would not copy at `slice`. */
function copy(data: Data): Data {
  if (Array.isArray(data)) return [...data];
  const types = globalThis as unknown as Record<string, new (data: Data) => Data>;
  return new (types[kindOf(data)] as new (data: Data) => Data)(data);
}
