import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createService } from './service.mjs';

const { MODEL, TRUST, STORE, PORT = '3000' } = process.env;
const store = STORE ? { directory: STORE } : 'memory';
const service = createService(MODEL, { trust: TRUST, store });

const server = createServer(async (incoming, outgoing) => {
  try {
    const answer = await service.fetch(toRequest(incoming));
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    await pipeline(answer.body ?? Readable.from([]), outgoing);
    incoming.resume(); // the rest of a long body, so that the connection is free for the next request
  } catch (error) {
    console.error(error);
    if (!outgoing.headersSent) outgoing.writeHead(500);
    outgoing.end();
  }
});
server.listen(Number(PORT));
await once(server, 'listening');
console.log(`http://localhost:${server.address().port}/`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close(); // answers what was asked before
    await once(server, 'close');
    await service.close();
  });
}

/** @param {import('node:http').IncomingMessage} incoming */
function toRequest(incoming) {
  const { method, url } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  // Without it a body that is given up half read takes the connection along, and with it the answer.
  const parts = incoming.iterator({ destroyOnReturn: false });
  const body = hasBody ? ReadableStream.from(parts) : undefined;
  return new Request(new URL(url, 'http://localhost'), { method, body, duplex: 'half' });
}
