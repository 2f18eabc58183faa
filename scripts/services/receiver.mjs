import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/**
 * A receiver of JSON that is posted to it, as a webhook is.
 *
 * @param {{ status?: () => number | undefined }} [options] what it answers; undefined: nothing, ever
 */
export async function startReceiver({ status = () => 200 } = {}) {
  /** @type {{ path: string, body: any }[]} */
  const received = [];
  const server = createServer(async (request, response) => {
    received.push({ path: request.url ?? '', body: await json(request) });
    const answer = status();
    if (answer !== undefined) response.writeHead(answer).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
