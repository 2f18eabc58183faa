import { isNearsideError, open } from 'nearside';
import { PictureError, readPng } from './read-png.mjs';

/** Bytes of a body. A picture of a digit is far smaller, and nobody has to be given more memory. */
const LONGEST_BODY = 1 << 20;

/**
 * Reads digits, for any server that speaks `Request` and `Response`: `POST /classify` takes a PNG, and `GET /healthz` says
 * whether the model is open.
 *
 * @param {string} address the model's
 * @param {Omit<import('nearside').OpenOptions, 'task'>} options as of `open`
 */
export function createService(address, options) {
  /** @type {Promise<import('nearside').ModelOf<'image-classification'>> | undefined} */
  let opening;

  /** A failed attempt is forgotten: the next request makes another. */
  function openModel() {
    opening ??= open(address, { ...options, task: 'image-classification' }).catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  /** @param {Request} request */
  async function answer(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/healthz') return tellHealth();
    if (pathname !== '/classify') return refuse(404, 'not-found', 'Expected another path.');
    if (request.method !== 'POST') {
      return refuse(405, 'method-not-allowed', 'Expected POST.', { Allow: 'POST' });
    }
    const body = await readBody(request);
    if (!body) return refuse(413, 'too-large', `Expected at most ${LONGEST_BODY} bytes.`);
    return classify(body);
  }

  async function tellHealth() {
    const { model, version, backend } = (await openModel()).stats();
    return Response.json({ status: 'ok', model, version, backend });
  }

  /** @param {Uint8Array<ArrayBuffer>} body */
  async function classify(body) {
    const picture = toLightOnDark(await readPng(body));
    const model = await openModel();
    const { output, meta } = await model.run(picture);
    const [{ label, score }] = output;
    return Response.json({ label, score, version: meta.version, backend: meta.backend });
  }

  void openModel().catch(() => {}); // requests tell

  return {
    /**
     * @param {Request} request
     * @returns {Promise<Response>}
     */
    fetch: (request) => answer(request).catch(tellFailure),
    async close() {
      const model = await opening?.catch(() => undefined);
      await model?.close();
    },
  };
}

/**
 * The model reads light digits on dark. Transparent parts are white paper, and a picture whose corner is light is inverted.
 *
 * @param {import('./read-png.mjs').Picture} picture its pixels are changed
 */
function toLightOnDark(picture) {
  const { data } = picture;
  for (let i = 0; i < data.length; i += 4) {
    const opacity = data[i + 3] / 255;
    for (let c = i; c < i + 3; c += 1) data[c] = 255 + (data[c] - 255) * opacity;
    data[i + 3] = 255;
  }
  if (data[0] + data[1] + data[2] < 3 * 128) return picture;
  for (let i = 0; i < data.length; i += 1) if (i % 4 !== 3) data[i] = 255 - data[i];
  return picture;
}

/**
 * @param {Request} request
 * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>} undefined: it is too long, and the rest was not read
 */
async function readBody(request) {
  const body = new Uint8Array(LONGEST_BODY);
  let length = 0;
  for await (const part of request.body ?? []) {
    if (length + part.length > LONGEST_BODY) return undefined;
    body.set(part, length);
    length += part.length;
  }
  return body.slice(0, length);
}

/** @param {unknown} error */
function tellFailure(error) {
  if (error instanceof PictureError) return refuse(415, 'picture-unreadable', error.message);
  if (!isNearsideError(error)) throw error;
  const { code, message, retryable } = error;
  if (retryable) return refuse(503, code, message, { 'Retry-After': '10' });
  return refuse(500, code, message);
}

/**
 * @param {number} status
 * @param {string} error
 * @param {string} message
 * @param {Record<string, string>} [headers]
 */
function refuse(status, error, message, headers) {
  return Response.json({ error, message }, { status, headers });
}
