/** `\0asm` and version 1: the smallest module there is, which no runtime is. */
export const EMPTY_MODULE = new TextEncoder().encode('\0asm\x01\0\0\0');

/** @throws CompileError where a Content-Security-Policy refuses WebAssembly */
export function requireWebAssembly(): void {
  new WebAssembly.Module(EMPTY_MODULE);
}

/** Browsers refuse to stream what is said to be of another type, or has a parameter behind it. */
export async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  return response.headers.get('content-type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
