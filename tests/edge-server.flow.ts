import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { crc32, deflateSync } from 'node:zlib';
import { expect, type Page, test } from '@playwright/test';
import { readPng } from '../examples/edge-server/read-png.mjs';
import { createService } from '../examples/edge-server/service.mjs';
import { root } from '../scripts/root.mjs';
import { serveDigits } from './digits-repository.js';

let digits: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  digits = await serveDigits();
});

test.afterAll(async () => {
  await digits.close();
});

test('a server in Node reads pictures of digits, refuses what is none with a status, and ends when it is told to', async () => {
  const { url: model, trust } = digits.address;
  const env = { ...process.env, MODEL: model, TRUST: trust, PORT: '0' };
  const server = spawn(execPath, [`${root}examples/edge-server/node.mjs`], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await once(server.stdout, 'data');
  const url = String(printed).trim();
  const post = async (body: BodyInit) => fetch(`${url}classify`, { method: 'POST', body });

  const lightOnDark = await post(one(0, 255));
  expect(await lightOnDark.json()).toMatchObject({ label: '1', version: '1.0.0' });
  expect(await (await post(one(255, 0))).json()).toMatchObject({ label: '1' });
  const health = await fetch(`${url}healthz`);
  expect(await health.json()).toMatchObject({ status: 'ok', model: 'digits', version: '1.0.0' });

  const bomb = encode({ width: 1, height: 1, depth: 8, color: 0 }, Buffer.alloc(10_000_000));
  const refused = {
    'a text': await post('seven'),
    'half a picture': await post(one(0, 255).subarray(0, 60)),
    'a picture that unpacks to more than it announces': await post(bomb),
    'a picture too large': await post(encode({ width: 1 << 20, height: 1 << 20 }, Buffer.alloc(1))),
    'a long body': await post(new Uint8Array(2 << 20)),
    'another method': await fetch(`${url}classify`),
    'another path': await fetch(url),
  };
  const statuses = Object.entries(refused).map(([name, { status }]) => `${name}: ${status}`);
  expect(statuses).toEqual([
    'a text: 415',
    'half a picture: 415',
    'a picture that unpacks to more than it announces: 415',
    'a picture too large: 415',
    'a long body: 413',
    'another method: 405',
    'another path: 404',
  ]);
  expect(await (await post(one(0, 255))).json()).toMatchObject({ label: '1' });

  const ended = once(server, 'close');
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('while the model cannot be opened requests get 503, and the next one after that is answered', async () => {
  const { url, trust } = digits.address;
  await digits.stop();
  const service = createService(url, { trust, store: 'memory' });
  const ask = () => service.fetch(new Request('http://localhost/healthz'));
  const refused = await ask();
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: 'network-failed' });
  await digits.start();
  expect((await ask()).status).toBe(200);
  await service.close();
});

test('PNGs of every colour, depth and filter are read as Chromium reads them', async ({ page }) => {
  const depths = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
  for (const [color, ofColor] of Object.entries(depths)) {
    for (const depth of ofColor) {
      const file = randomPicture({ width: 21, height: 10, depth, color: Number(color) });
      const { data } = await readPng(new Uint8Array(file));
      const expected = await readInBrowser(page, file);
      const difference = expected.map((value, i) => Math.abs(value - onWhite(data, i)));
      expect(Math.max(...difference), `type ${color}, ${depth} bits`).toBeLessThanOrEqual(3);
    }
  }
});

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  readonly color?: number;
}

/** A stroke down the middle. */
function one(paper: number, ink: number): Buffer<ArrayBuffer> {
  const lines = Buffer.alloc(28 * 29, paper);
  for (let y = 0; y < 28; y += 1) {
    lines[29 * y] = 0; // no filter
    if (y >= 5 && y < 23) lines.fill(ink, 29 * y + 14, 29 * y + 16);
  }
  return encode({ width: 28, height: 28 }, lines);
}

/** Any bytes are a picture; each line has the next filter. */
function randomPicture(header: Required<Header>): Buffer<ArrayBuffer> {
  const { width, height, depth, color } = header;
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[color] ?? 0;
  const lineBytes = 1 + Math.ceil((width * channels * depth) / 8);
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 0x7fffffff; // Park and Miller, 1988 and 1993
    return state & 255;
  };
  const randomBytes = (length: number) => Buffer.from(Array.from({ length }, random));
  const lines = randomBytes(lineBytes * height);
  for (let y = 0; y < height; y += 1) lines[y * lineBytes] = y % 5;
  if (color !== 3) return encode(header, lines);
  return encode(header, lines, { PLTE: randomBytes(3 * 2 ** depth), tRNS: randomBytes(2) });
}

function encode(
  { width, height, depth = 8, color = 0 }: Header,
  lines: Uint8Array,
  others: Record<string, Buffer> = {},
): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  header[9] = color;
  const chunks = { IHDR: header, ...others, IDAT: deflateSync(lines), IEND: Buffer.alloc(0) };
  const parts = Object.entries(chunks).map(([type, data]) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const around = Buffer.alloc(8);
    around.writeUInt32BE(data.length, 0);
    around.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** RGBA on white, by the browser's own decoder. A canvas keeps colours times opacity in whole numbers. */
async function readInBrowser(page: Page, file: Buffer): Promise<number[]> {
  return page.evaluate(
    async (bytes) => {
      const blob = new Blob([Uint8Array.from(bytes)], { type: 'image/png' });
      const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' });
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      if (!context) throw new Error('Expected a canvas that can be drawn on, got none.');
      context.fillStyle = '#fff';
      context.fillRect(0, 0, bitmap.width, bitmap.height);
      context.drawImage(bitmap, 0, 0);
      return [...context.getImageData(0, 0, bitmap.width, bitmap.height).data];
    },
    [...file],
  );
}

/** Of pixels that may be transparent. */
function onWhite(data: Uint8ClampedArray, i: number): number {
  if (i % 4 === 3) return 255;
  const opacity = (data[i - (i % 4) + 3] ?? 0) / 255;
  return 255 + ((data[i] ?? 0) - 255) * opacity;
}
