import type { Endpoint } from 'comlink';

/** Where a backend runs: a worker in a browser, the same thread in Node. */
export interface Host {
  readonly endpoint: Endpoint;
  /** The runtime's wasm, if it has one: an address, or bytes where `fetch` cannot reach it. */
  readonly runtimeWasm: string | Uint8Array<ArrayBuffer> | undefined;
  /** Called at most once, when the host dies by itself. */
  onFailure(listener: (failure: HostFailure) => void): void;
  /** Ends it at once, whatever it is doing. */
  terminate(): void;
}

export interface HostFailure {
  readonly message: string;
  readonly cause?: unknown;
}
