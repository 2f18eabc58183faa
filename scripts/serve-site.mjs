import { createServer } from 'node:http';
import sirv from 'sirv';
import { listen } from './listen.mjs';

/** Cross-origin isolation: what SharedArrayBuffer, and with it threads, need. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * Serves a built site, with isolation headers unless told otherwise, and `config` as /nearside.config.json.
 *
 * @param {{ dir: string, config: object, port: number, isolated?: boolean, headers?: Record<string, string> }} options
 *   port 0 takes any free one; `headers` go with every answer
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>}
 */
export async function serveSite({ dir, config, port, isolated = true, headers = {} }) {
  const files = sirv(dir, { dev: true });
  const all = Object.entries({ ...(isolated && ISOLATION), ...headers });
  const server = createServer((request, response) => {
    for (const [name, value] of all) response.setHeader(name, value);
    if (request.url === '/nearside.config.json') {
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('Cache-Control', 'no-cache');
      response.end(JSON.stringify(config));
      return;
    }
    files(request, response, () => {
      response.statusCode = 404;
      response.end('Not found');
    });
  });
  return listen(server, port);
}
