import type { FastifyInstance } from 'fastify';
import type { ConnectionLimit } from '../access/connection-limit.js';

/** Container platforms kill after ten seconds. The rest is for the store to close. */
const DRAIN_MS = 8_000;

/**
 * Takes no new connection, answers requests under way, and cuts off those that take too long. Their senders keep the
 * reports and send them again.
 */
export async function drain(
  server: FastifyInstance,
  connections: ConnectionLimit,
  { withinMs = DRAIN_MS }: { withinMs?: number } = {},
): Promise<void> {
  const closed = server.close();
  connections.closeUnused();
  // A connection that was accepted while the server closed comes after the first cut.
  const timer = setInterval(() => server.server.closeAllConnections(), withinMs);
  try {
    await closed;
  } finally {
    clearInterval(timer);
  }
}
