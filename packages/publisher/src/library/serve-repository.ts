import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { isDirectory } from '../files/stat-path.js';
import { listen } from '../serving/listen.js';
import { serveFile } from '../serving/serve-file.js';
import { COMMON_HEADERS, cacheControlOf, noDirectory } from './plan.js';

/** Only this machine can connect, because the server is for trying. A CDN is for serving. */
const DEFAULT_HOST = '127.0.0.1';

export interface ServeOptions {
  /** Directory of the repository. */
  readonly dir: string;
  /** By default the first free port from 8090; 0 for any free port. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /**
   * Called with the path of each request, and awaited before its file is looked for: what is made on demand is there
   * then. The message of an error is the answer, with status 503.
   */
  readonly before?: ((path: string) => unknown) | undefined;
}

export interface RepositoryServer {
  /** Without a slash at the end. A model is at `${url}/${model}`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** No other file of the directory is served, so that keys beside a repository stay private. */
const SERVED = /^\/(?:metadata|targets|chunks|deltas|boot)\/[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** Files of sealed models. */
const SEALED = /^\/[a-z0-9-]+\/(?:nearside\.json|(?:seals|chunks)\/[0-9a-f][0-9a-z.]*)$/;

/**
 * Serves a repository, and folders of sealed models, with the headers a CDN should send. New and changed files are served too.
 *
 * @throws NearsideError `file-missing` when there is no such directory
 */
export async function serveRepository({
  dir,
  port,
  host = DEFAULT_HOST,
  before,
}: ServeOptions): Promise<RepositoryServer> {
  if (!(await isDirectory(dir))) throw noDirectory(dir);
  const server = createServer(repositoryHandler(dir, before));
  const bound = await listen(server, { host, port });
  const close = () => closeServer(server);
  return {
    url: `http://${urlHost(host)}:${bound}`,
    port: bound,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function repositoryHandler(dir: string, before: ServeOptions['before']) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    try {
      if (request.method === 'OPTIONS') answerPreflight(response);
      else if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405);
      else if (await isReady(request, response, before)) await answerFile(dir, request, response);
    } catch {
      // A request must not be able to end the server. An answer that has begun is broken off.
      if (response.headersSent) response.destroy();
      else answer(response, 500);
    }
  };
}

/** Answers with 503 when what has to come before failed. */
async function isReady(
  request: IncomingMessage,
  response: ServerResponse,
  before: ServeOptions['before'],
): Promise<boolean> {
  try {
    await before?.(pathOf(request));
    return true;
  } catch (error) {
    answer(response, 503, error instanceof Error ? error.message : String(error));
    return false;
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const [path = '/'] = url.split('?', 1);
  return path;
}

async function answerFile(
  dir: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  if (!SERVED.test(path) && !SEALED.test(path)) return answer(response, 404);
  // `.z` gets no `Content-Encoding`, because the device wants the compressed bytes.
  const isJson = path.endsWith('.json');
  response.setHeader('Content-Type', isJson ? 'application/json' : 'application/octet-stream');
  response.setHeader('Cache-Control', cacheControlOf(path.slice(1)));
  const status = await serveFile(join(dir, path), request, response);
  if (status === 404) answer(response, 404);
}

function answerPreflight(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD');
  response.setHeader('Access-Control-Allow-Headers', '*');
  response.setHeader('Access-Control-Max-Age', '86400');
  response.writeHead(204).end();
}

/** Errors are plain text and never cached, because devices ask for the next root long before it is there. */
function answer(response: ServerResponse, status: number, message = String(status)): void {
  response
    .writeHead(status, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
    .end(`${message}\n`);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve()); // a second call answers "not running", which is fine
    server.closeAllConnections();
  });
}

/** Nobody can connect to the address that stands for every interface. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
