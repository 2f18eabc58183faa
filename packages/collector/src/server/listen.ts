import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StartError } from '../refusals/start-error.js';

// The publisher has a file like this. The two packages share only core, which does no I/O.
export const PORTS = Object.freeze({
  /** The first port that is tried when none is given. */
  first: 8787,
  /** So many ports are tried one after the other. */
  tries: 20,
});

/** Without a port it is one of several. */
interface Address {
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * Requires that one can listen, before anything is made for who will.
 *
 * @throws StartError `port-busy`, and `option-invalid` where the address is not of this machine or the port cannot be had
 */
export async function requireFreePort(address: Address): Promise<void> {
  const trial = createServer();
  await firstFree(address, async (port) => {
    trial.listen(port, address.host);
    await once(trial, 'listening');
  }).catch((error) => {
    throw error instanceof StartError ? error : cannotListen(address, error);
  });
  trial.close();
  await once(trial, 'close');
}

/**
 * Listens on `port`, or on the first free one from 8787 when none is given.
 *
 * @returns the port
 * @throws StartError `port-busy`
 */
export async function listen(server: FastifyInstance, address: Address): Promise<number> {
  await firstFree(address, (port) => server.listen({ host: address.host, port }));
  return (server.server.address() as AddressInfo).port;
}

/** Tries one port after the other, until one is not busy. */
async function firstFree(
  { host, port }: Address,
  attempt: (port: number) => Promise<unknown>,
): Promise<void> {
  const first = port ?? PORTS.first;
  const last = port ?? PORTS.first + PORTS.tries - 1;
  for (let candidate = first; candidate <= last; candidate += 1) {
    try {
      await attempt(candidate);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  throw portBusy(host, port);
}

function cannotListen({ host, port }: Address, cause: Error): StartError {
  const place = port === undefined ? host : `${host} and ${port}`;
  return new StartError(
    'option-invalid',
    `--host (NEARSIDE_HOST), --port (NEARSIDE_PORT): expected an address of this machine, and a port that this user may listen on, got ${place}: ${cause.message}.`,
    { cause },
  );
}

function portBusy(host: string, port: number | undefined): StartError {
  const last = PORTS.first + PORTS.tries - 1;
  return new StartError(
    'port-busy',
    port === undefined
      ? `Expected a free port from ${PORTS.first} to ${last} on ${host}, all are busy. Give one.`
      : `Expected port ${port} on ${host} to be free, it is busy. Give another, or 0 for any.`,
  );
}
