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

/** Since 2023 or 2024, as browsers go. */
type Movable = ArrayBuffer & { transfer?(): ArrayBuffer };

function memoryOf(data: Data): Movable | undefined {
  return (data as { buffer?: Movable }).buffer;
}

/** A whole memory changes hands by itself where the browser can do that: cloning costs as much as a small run. */
function move(arrays: Data[], memory: Movable | undefined): Data[] | undefined {
  const [first] = arrays as [Exclude<Data, string[]>];
  try {
    const isWhole = arrays.length === 1 && first.byteLength === memory?.byteLength;
    const own = isWhole && memory?.transfer?.();
    return own
      ? [anew(first, own)]
      : structuredClone(arrays, { transfer: [memory as ArrayBuffer] });
  } catch {
    return undefined;
  }
}

/** Node's Buffer would not copy at `slice`. */
function copy(data: Data): Data {
  return Array.isArray(data) ? [...data] : anew(data, data);
}

/** An array of this realm's, of the same type. */
function anew(data: Data, content: Data | ArrayBuffer): Data {
  const types = globalThis as unknown as Record<string, new (of: typeof content) => Data>;
  return new (types[kindOf(data)] as new (of: typeof content) => Data)(content);
}
