/**
 * Frees what buffers take at once, instead of at some collection. A message that nobody receives takes the memory along.
 * `transfer(0)` leaves it where it is once the browser has written or hashed the buffer (Chromium 156).
 *
 * @param given nobody else has a part of their buffers
 */
export function freeBytes(given: readonly Uint8Array<ArrayBuffer>[]): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(
    undefined,
    given.filter(({ length, buffer }) => length === buffer.byteLength).map(({ buffer }) => buffer),
  );
  port1.close();
}
