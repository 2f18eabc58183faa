/** Beside the address that the runtime would have: hosts take a name that they do not know as plain bytes. */
const SUFFIX = '.packed';

/** ONNX Runtime for WebGPU: 25.5 MiB, and static hosts refuse what is over 25. */
export function isPacked(address: string): boolean {
  return /asyncify[^/]*\.wasm$/.test(new URL(address).pathname);
}

/** The runtime, unpacked while it arrives, as an answer that may be compiled as it streams. */
export async function fetchUnpacked(
  address: string,
  fetchPlain: typeof fetch,
  init?: RequestInit,
): Promise<Response> {
  const response = await fetchPlain(`${address}${SUFFIX}`, init);
  if (!response.ok || !response.body) return response;
  const body = response.body.pipeThrough(new DecompressionStream('gzip'));
  return new Response(body, { headers: { 'Content-Type': 'application/wasm' } });
}
