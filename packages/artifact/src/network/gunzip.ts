/**
 * Decompresses gzip bytes (RFC 1952), and stops once more than `maxBytes` came out. A small file can hold gigabytes
 * of zeros.
 *
 * @returns undefined when the bytes are not gzip, are cut short, or hold more
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const output = new Uint8Array(maxBytes);
  let sizeBytes = 0;
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'))
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return output.subarray(0, sizeBytes);
      if (sizeBytes + value.length > maxBytes) {
        await reader.cancel();
        return undefined;
      }
      output.set(value, sizeBytes);
      sizeBytes += value.length;
    }
  } catch {
    return undefined;
  }
}
