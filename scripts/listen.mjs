import { once } from 'node:events';

/** Ports tried after a busy one. */
const ATTEMPTS = 50;

/**
 * Listens on the loopback interface; a busy port gives the next free one.
 *
 * @param {import('node:http').Server} server
 * @param {number} port 0 takes any free one
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>}
 */
export async function listen(server, port) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      server.listen(port === 0 ? 0 : port + attempt, '127.0.0.1');
      await once(server, 'listening');
      break;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || attempt >= ATTEMPTS) throw error;
    }
  }
  const address = server.address();
  return {
    url: `http://localhost:${address.port}/`,
    port: address.port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
