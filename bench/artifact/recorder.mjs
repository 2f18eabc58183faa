import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../../scripts/listen.mjs';

/**
 * @typedef {object} RecordedRequest
 * @property {string} client first segment of its path, which names who asked
 * @property {string} path in the repository
 * @property {number} arrived when it came, in steps of a counter that answers advance too
 * @property {number | undefined} answered when its answer was complete; undefined while it is not
 * @property {number | undefined} status
 * @property {number} bodyBytes sent so far
 */

/** Pieces of a throttled body. */
const PIECE_BYTES = 16 * 1024;
/** Headers that belong to a connection or that Node writes itself. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
]);

/**
 * A server in front of a repository's that writes down every request and each byte of its answer.
 * `<url><client>/<model>` is the model's address for `client`, any word; the client `down` gets no
 * answer at all.
 *
 * @param {string} upstream address of the repository, without a slash at the end
 */
export async function startRecorder(upstream) {
  /** @type {RecordedRequest[]} */
  const requests = [];
  let step = 0;
  let bytesPerMs = Number.POSITIVE_INFINITY;
  let freeMs = 0;

  const server = createServer(async (incoming, response) => {
    const [, client, path] = /^\/([^/]+)\/(.*)$/.exec(incoming.url) ?? [];
    if (client === undefined || client === 'down') return incoming.socket.destroy();
    const request = { client, path, arrived: ++step, bodyBytes: 0 };
    requests.push(request);
    const answer = await fetch(`${upstream}/${path}`);
    const body = new Uint8Array(await answer.arrayBuffer());
    for (const [name, value] of answer.headers) {
      if (!OWN_HEADERS.has(name)) response.setHeader(name, value);
    }
    request.status = answer.status;
    response.writeHead(answer.status, { 'Content-Length': body.length });
    await send(body, response, request);
    request.answered = ++step;
  });

  async function send(body, response, request) {
    const pieceBytes = Number.isFinite(bytesPerMs) ? PIECE_BYTES : body.length;
    for (let offset = 0; offset < body.length && !response.destroyed; offset += pieceBytes) {
      const piece = body.subarray(offset, offset + pieceBytes);
      await takeTurn(piece.length);
      if (response.destroyed) return;
      response.write(piece);
      request.bodyBytes += piece.length;
    }
    response.end();
  }

  /** All answers share one line. */
  async function takeTurn(sizeBytes) {
    if (!Number.isFinite(bytesPerMs)) return;
    freeMs = Math.max(freeMs, performance.now()) + sizeBytes / bytesPerMs;
    await sleep(freeMs - performance.now());
  }

  const { url, close } = await listen(server, 0);
  return {
    url,
    close,
    /** @returns {RecordedRequest[]} those since it was last called */
    take: () => requests.splice(0),
    /** So far, and without taking them. @returns {readonly RecordedRequest[]} */
    seen: () => requests,
    /** @param {number} value bytes per second of all answers together */
    throttle(value) {
      bytesPerMs = value / 1000;
    },
  };
}

/** @param {readonly RecordedRequest[]} requests */
export function bodyBytesOf(requests) {
  return requests.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
}
