import { Agent, request } from 'node:http';

const CONNECTIONS = 64;

/** Sends all bodies over a few connections, and waits for every answer. */
export function createSenders(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  function send(body) {
    return new Promise((resolve, reject) => {
      const sending = request(
        { port, host: '127.0.0.1', path: '/v1/reports', method: 'POST', agent },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode));
        },
      );
      sending.on('error', reject);
      sending.end(body);
    });
  }

  return {
    async sendAll(bodies) {
      const statuses = await Promise.all(bodies.map(send));
      const wrong = statuses.find((status) => status !== 204);
      if (wrong !== undefined) throw new Error(`expected 204 for each report, got ${wrong}`);
    },
    close: () => agent.destroy(),
  };
}
