import type { Server } from 'node:http';

// The collector has a similar file. The two share only core, which does no I/O, and their servers differ.
export const PORTS = Object.freeze({
  /** First port tried when none is given. */
  first: 8090,
  /** Ports tried one after the other before giving up. */
  tries: 20,
});

/**
 * Listens on `port`, or on the first free one from 8090 when none is given.
 *
 * @returns the port
 */
export async function listen(
  server: Server,
  { host, port }: { host: string; port: number | undefined },
): Promise<number> {
  const first = port ?? PORTS.first;
  const last = port ?? PORTS.first + PORTS.tries - 1;
  for (let candidate = first; candidate <= last; candidate += 1) {
    const bound = await listenOn(server, host, candidate);
    if (bound !== undefined) return bound;
  }
  throw new Error(
    first === last
      ? `Expected port ${first} on ${host} to be free, it is busy. Give another, or 0 for any.`
      : `Expected a free port from ${first} to ${last} on ${host}, all are busy. Give one.`,
  );
}

/** @returns the port, or undefined when it is busy */
function listenOn(server: Server, host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    function onListening(): void {
      server.off('error', onError);
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    }
    function onError(error: NodeJS.ErrnoException): void {
      server.off('listening', onListening);
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    }
    server.once('listening', onListening).once('error', onError).listen(port, host);
  });
}
