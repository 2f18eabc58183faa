import { request as ask, createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { listen } from '../scripts/listen.mjs';

/** What a host would compress. The rest, such as a model's chunks, counts as it is. */
const COMPRESSED = /javascript|json|css|wasm|svg|^text\//;

/**
 * Stands before a server, hands everything on, and writes down what was fetched.
 *
 * @param {string} upstream the server's address
 * @returns {Promise<{ url: string, takeRequests(): Fetched[], close(): Promise<void> }>} `takeRequests` forgets what it
 * returns
 *
 * @typedef {{ path: string, type: string, startMs: number, bytes: number }} Fetched `bytes` with gzip, where a host would
 */
export async function record(upstream) {
  let requests = [];
  const server = createServer((request, response) => {
    const startMs = Date.now();
    const { 'accept-encoding': _, host: __, ...headers } = request.headers; // bytes as they are
    const { method } = request;
    const inner = ask(new URL(request.url, upstream), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        if (answer.statusCode >= 300) return;
        const type = answer.headers['content-type'] ?? '';
        const bytes = sizeOf(Buffer.concat(parts), type);
        requests.push({ path: request.url, type, startMs, bytes });
      });
      answer.pipe(response);
    });
    inner.on('error', () => response.destroy());
    request.pipe(inner);
  });
  const { url, close } = await listen(server, 0);
  return {
    url,
    takeRequests() {
      const taken = requests;
      requests = [];
      return taken;
    },
    close,
  };
}

function sizeOf(body, type) {
  return COMPRESSED.test(type) ? gzipSync(body, { level: 9 }).byteLength : body.byteLength;
}
