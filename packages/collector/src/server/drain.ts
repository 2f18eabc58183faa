import type { FastifyInstance } from 'fastify';
import type { ConnectionLimit } from '../access/connection-limit.js';

/** With what the store needs to close it is less than the ten seconds that container platforms wait before they kill. */
const DRAIN_MS = 8_000;

/**
 * Takes no new connection, answers what is under way, and cuts off what is not done in time: whoever sent it keeps it and
 * sends it again.
 */
export async function drain(
  server: FastifyInstance,
  connections: ConnectionLimit,
  { withinMs = DRAIN_MS }: { withinMs?: number } = {},
): Promise<void> {
  const closed = server.close();
  connections.closeUnused();
  const timer = setTimeout(() => server.server.closeAllConnections(), withinMs);
  try {
    await closed;
  } finally {
    clearTimeout(timer);
  }
}
