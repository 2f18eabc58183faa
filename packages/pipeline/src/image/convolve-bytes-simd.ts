import { type ByteKernel, type FixedWindows, PLAIN_KERNEL } from './convolve-bytes.js';
import { CONVOLVE_BYTES_WASM } from './convolve-bytes-wasm.js';

/** Bytes of pixels, and of results, that are computed at a time: they stay in the cache, and bound the kernel's memory. */
const BLOCK_BYTES = 2 ** 20;

/** Bytes behind pixels and results that the kernel reads or writes too. */
const MARGIN = 32;

/** As `assembly/convolve-bytes.ts` has it. */
const [LOW_BITS, HEAD, FOUR] = [15, 16, 16];

/** `assembly/convolve-bytes.ts` exports these. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  convolveColorRows(
    source: number,
    rowBytes: number,
    rows: number,
    stride: number,
    windows: number,
    size: number,
    out: number,
  ): void;
  convolveGrayRows(
    source: number,
    rowBytes: number,
    rows: number,
    windows: number,
    size: number,
    out: number,
  ): void;
  convolveColumns(
    source: number,
    rowBytes: number,
    windows: number,
    size: number,
    out: number,
  ): void;
}

let opened: ByteKernel | undefined;

/** The fastest kernel that this environment lets run: {@link PLAIN_KERNEL} where WebAssembly or its SIMD is refused. */
export function byteKernel(): ByteKernel {
  opened ??= openSimdKernel() ?? PLAIN_KERNEL;
  return opened;
}

/** @returns undefined where a Content-Security-Policy lacks `wasm-unsafe-eval`, or the engine lacks SIMD */
export function openSimdKernel(): ByteKernel | undefined {
  try {
    const wasm = Uint8Array.from(atob(CONVOLVE_BYTES_WASM), (char) => char.charCodeAt(0));
    return simdKernel(new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as never);
  } catch {
    return undefined;
  }
}

function simdKernel(wasm: Exports): ByteKernel {
  /** Lays windows, results and pixels out one behind the other, computes, and takes the results. */
  function compute(
    { windows, pixels, beyond }: { windows: Uint8Array; pixels: Uint8Array; beyond: number },
    out: Uint8ClampedArray,
    work: (out: number, source: number) => void,
  ): void {
    const outAt = windows.length;
    const source = outAt + out.length + MARGIN;
    const missing = source + pixels.length + beyond - wasm.memory.buffer.byteLength;
    if (missing > 0) wasm.memory.grow(Math.ceil(missing / 2 ** 16));
    const bytes = new Uint8Array(wasm.memory.buffer);
    bytes.set(windows);
    bytes.set(pixels, source);
    work(outAt, source);
    out.set(bytes.subarray(outAt, outAt + out.length));
  }

  return {
    convolveRows({ rows, data, stride }, fixed, out) {
      const rowBytes = data.length / rows;
      const outLength = fixed.size * Math.min(stride, 3);
      const windows = packWindows(fixed, { from: 0, to: fixed.size, first: 0 });
      const most = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(rowBytes, outLength)));
      for (let row = 0; row < rows; row += most) {
        const end = Math.min(row + most, rows);
        const pixels = data.subarray(row * rowBytes, end * rowBytes) as Uint8Array;
        const outOfBlock = out.subarray(row * outLength, end * outLength);
        compute({ windows, pixels, beyond: MARGIN }, outOfBlock, (outAt, source) => {
          const { size } = fixed;
          if (stride === 1) {
            wasm.convolveGrayRows(source, rowBytes, end - row, 0, size, outAt);
          } else {
            wasm.convolveColorRows(source, rowBytes, end - row, stride, 0, size, outAt);
          }
        });
      }
    },

    convolveColumns(bytes, rowLength, fixed, out) {
      const { size, starts, counts } = fixed;
      const endOf = (y: number) => (starts[y] as number) + (counts[y] as number);
      if (fixed.taps * rowLength > BLOCK_BYTES) {
        PLAIN_KERNEL.convolveColumns(bytes, rowLength, fixed, out);
        return;
      }
      for (let y = 0, end = 0; y < size; y = end) {
        const start = starts[y] as number;
        end = y + 1;
        const last = Math.min(size, y + Math.max(1, Math.floor(BLOCK_BYTES / rowLength)));
        while (end < last && (endOf(end) - start) * rowLength <= BLOCK_BYTES) end++;
        const windows = packWindows(fixed, { from: y, to: end, first: start });
        const pixels = bytes.subarray(start * rowLength, endOf(end - 1) * rowLength);
        const outOfBlock = out.subarray(y * rowLength, end * rowLength);
        const beyond = 3 * rowLength + MARGIN;
        compute({ windows, pixels, beyond }, outOfBlock, (outAt, source) =>
          wasm.convolveColumns(source, rowLength, 0, end - y, outAt),
        );
      }
    },
  };
}

/**
 * Some windows as the kernel reads them.
 *
 * @param range those from `from` to before `to`; `first` is where the input begins that the kernel has
 */
function packWindows(
  { starts, counts, taps, weights }: FixedWindows,
  { from, to, first }: { readonly from: number; readonly to: number; readonly first: number },
): Uint8Array {
  const most = HEAD + Math.ceil(taps / 4) * FOUR;
  const packed = new DataView(new ArrayBuffer((to - from) * most));
  let at = 0;
  for (let o = from; o < to; o++) {
    const count = counts[o] as number;
    const fours = Math.ceil(count / 4);
    packed.setInt32(at, (starts[o] as number) - first, true);
    packed.setInt32(at + 4, fours, true);
    at += HEAD;
    for (let tap = 0; tap < count; tap++) {
      const weight = weights[o * taps + tap] as number;
      const place = at + (tap >> 1) * 8 + (tap & 1) * 2;
      packed.setInt16(place, weight & ((1 << LOW_BITS) - 1), true);
      packed.setInt16(place + 4, weight >> LOW_BITS, true);
    }
    at += fours * FOUR;
  }
  return new Uint8Array(packed.buffer);
}
