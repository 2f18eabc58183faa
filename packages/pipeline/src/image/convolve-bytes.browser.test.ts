import { describe, expect, test } from 'vitest';
import { extremes, noise } from '../../fixtures/noise.js';
import pillow from '../../fixtures/pillow.json' with { type: 'json' };
import { PLAIN_KERNEL } from './convolve-bytes.js';
import { byteKernel, openSimdKernel } from './convolve-bytes-simd.js';
import { resize } from './resize.js';

test('this engine has SIMD, and uses it', () => {
  expect(openSimdKernel()).toBeDefined();
  expect(byteKernel()).not.toBe(PLAIN_KERNEL);
});

describe.each([
  ['with SIMD', openSimdKernel()],
  ['without', PLAIN_KERNEL],
])('bytes are resized as Pillow resizes them, %s', (_, kernel) => {
  test.each(pillow.resizeBytes)('$pattern, $from to $to, filter $resample', async (entry) => {
    const { channels, resample, seed } = entry as { channels: 1 | 3; resample: 0; seed: number };
    const [width = 0, height = 0] = entry.from;
    const [toWidth = 0, toHeight = 0] = entry.to;
    const data = (entry.pattern === 'noise' ? noise : extremes)(width * height * channels, seed);
    const size = { width: toWidth, height: toHeight, resample };
    const resized = resize({ width, height, channels, data }, size, kernel).data;
    if (entry.base64 !== undefined) expect(toBase64(resized)).toBe(entry.base64);
    else expect(await sha256(resized)).toBe(entry.sha256);
  });
});

test('a page whose policy refuses WebAssembly resizes to the same bytes', async () => {
  const data = noise(90 * 70 * 3, 1);
  const size = { width: 31, height: 17, resample: 3 } as const;
  const module = (name: string) => new URL(name, import.meta.url).href;
  const script = `
    import { openSimdKernel } from '${module('./convolve-bytes-simd.ts')}';
    import { resize } from '${module('./resize.ts')}';
    onmessage = ({ data: [image, size] }) => {
      parent.postMessage([openSimdKernel(), resize(image, size).data], '*');
    };
    parent.postMessage('ready', '*');`;
  const policy = `script-src 'unsafe-inline' ${location.origin}`;
  const frame = document.createElement('iframe');
  frame.srcdoc = `<meta http-equiv="Content-Security-Policy" content="${policy}">
    <script type="module">${script}</script>`;
  const ready = messageFrom(frame);
  document.body.append(frame);
  expect(await ready).toBe('ready');
  const answer = messageFrom(frame);
  const image = { width: 90, height: 70, channels: 3, data } as const;
  frame.contentWindow?.postMessage([image, size], '*');
  expect(await answer).toEqual([undefined, resize(image, size).data]);
  frame.remove();
});

function messageFrom(frame: HTMLIFrameElement): Promise<unknown> {
  return new Promise((resolve) => {
    addEventListener('message', function take({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', take);
      resolve(data);
    });
  });
}

function toBase64(data: ArrayLike<number>): string {
  return btoa(String.fromCharCode(...Array.from(data)));
}

async function sha256(data: ArrayLike<number>): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(data));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
