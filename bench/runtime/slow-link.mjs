import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { listen } from '../../scripts/listen.mjs';

const compress = promisify(gzip);

/** What leaves at once, bytes: one response does not keep the others waiting for long. */
const PIECE_BYTES = 16_384;

/** What a CDN compresses; the repository's own `.z` files are compressed already. */
const COMPRESSIBLE = /^(?:text\/|application\/(?:javascript|json|wasm))/;

/**
 * @typedef {object} Transfer one answer
 * @property {string} path
 * @property {number} askedMs when its request came, Unix time
 * @property {number} endedMs when its last byte was sent
 * @property {number} bytes as they were sent
 * @property {{ atMs: number, bytes: number }[]} pieces when how many of them were sent
 */

/**
 * A line that servers share, as the last mile to a visitor: everything that a page fetches, its workers
 * and their wasm as well, passes through it.
 *
 * @param {{ bitsPerSecond: number, latencyMs: number }} options latency is of a request's way and back
 */
export function createSlowLink({ bitsPerSecond, latencyMs }) {
  let freeAtMs = 0;
  /** @type {Transfer[]} */
  const transfers = [];

  /** Until the line has carried so many bytes. */
  async function carry(sizeBytes) {
    freeAtMs = Math.max(performance.now(), freeAtMs) + (8000 * sizeBytes) / bitsPerSecond;
    await sleep(freeAtMs - performance.now());
  }

  async function send(response, { status, headers, body }, pieces) {
    await sleep(latencyMs);
    response.writeHead(status, headers);
    for (let at = 0; at < body.length; at += PIECE_BYTES) {
      const piece = body.subarray(at, at + PIECE_BYTES);
      await carry(piece.length);
      if (response.destroyed) return;
      response.write(piece);
      pieces.push({ atMs: Date.now(), bytes: piece.length });
    }
    response.end();
  }

  return {
    /** What was asked for since the line is there, in this order. */
    transfers,
    /**
     * Serves what lies at `upstream`, compressed as a CDN would, behind this line.
     *
     * @param {string} upstream without a slash at the end
     */
    serve(upstream) {
      /** Compressed once, as on a CDN: an answer never waits for it twice. */
      const answers = new Map();
      const server = createServer((request, response) => {
        const { url = '/' } = request;
        if (!answers.has(url)) answers.set(url, fetchAnswer(`${upstream}${url}`));
        const askedMs = Date.now();
        const transfer = { path: url, askedMs, endedMs: Number.NaN, bytes: 0, pieces: [] };
        transfers.push(transfer);
        answers
          .get(url)
          .then(async (answer) => {
            await send(response, answer, transfer.pieces);
            Object.assign(transfer, { endedMs: Date.now(), bytes: answer.body.length });
          })
          .catch((error) => response.destroy(error));
      });
      return listen(server, 0);
    },
  };
}

async function fetchAnswer(url) {
  const response = await fetch(url);
  const headers = Object.fromEntries(response.headers);
  for (const name of ['connection', 'keep-alive', 'transfer-encoding']) delete headers[name];
  const plain = Buffer.from(await response.arrayBuffer());
  const isCompressed = COMPRESSIBLE.test(headers['content-type'] ?? '');
  const body = isCompressed ? await compress(plain) : plain;
  headers['content-length'] = String(body.length);
  if (isCompressed) headers['content-encoding'] = 'gzip';
  else delete headers['content-encoding'];
  return { status: response.status, headers, body };
}
