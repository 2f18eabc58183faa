import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { bootPath, rootPath, TIMESTAMP_PATH, targetPath } from '@nearside/artifact';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { currentPath, forge, type Signed, stealKeys } from '../testing/forge.js';
import { type Answer, endless, serveFiles } from '../testing/hostile-server.js';
import { openScene, withFile } from '../testing/scene.js';
import { someOf } from '../testing/some-of.js';

const scene = await openScene();
const elsewhere = await serveFiles(scene.second.files);
const { tuf } = await stealKeys(scene.workspace.keys);
const { files, manifestSha256, boot } = scene.second;
const MIB = 1024 * 1024;

/** One file of every kind that an update fetches, and the code when far too much of it comes. */
const kinds = [
  { kind: 'next root', path: rootPath(2), code: 'metadata-too-large' },
  { kind: 'timestamp', path: TIMESTAMP_PATH, code: 'metadata-too-large' },
  { kind: 'snapshot', path: currentPath(files, 'snapshot'), code: 'metadata-too-large' },
  { kind: 'targets', path: currentPath(files, 'targets'), code: 'metadata-too-large' },
  {
    kind: 'bundle',
    path: targetPath('tiny-1.1.0.oms.json', manifestSha256),
    code: 'size-mismatch',
  },
  { kind: 'chunk', path: newChunk(false), code: 'size-mismatch' },
  { kind: 'compressed chunk', path: newChunk(true), code: 'size-mismatch' },
];

describe.each(kinds)('the $kind', (each) => {
  const { path, code } = each;

  async function expectEnd(act: typeof scene.update): Promise<void> {
    const sent = { sizeBytes: 0 };
    expect(await act(withFile(files, path, endless(sent)))).toBe(code);
    expect(sent.sizeBytes).toBeLessThan(16 * MIB); // asked for twice, with what sockets hold
  }

  const ways: [string, () => Promise<void>][] = [
    [
      'as a body without an end fails a first open, after a few MiB at most',
      () => expectEnd(scene.firstOpen),
    ],
    [
      'as a body without an end fails an update, after a few MiB at most',
      () => expectEnd(scene.update),
    ],
    [
      'too large by itself fails a first open and an update',
      async () => {
        const oversized = new Uint8Array(5 * MIB).fill(0x20);
        oversized.set(files.get(path) ?? new Uint8Array());
        expect(await scene.firstOpen(withFile(files, path, oversized))).toBe(code);
        expect(await scene.update(withFile(files, path, oversized))).toBe(code);
      },
    ],
    [
      'redirected to another origin is refused, even where the right bytes are',
      async () => {
        const redirect: Answer = (response) =>
          response.writeHead(302, { Location: `${elsewhere.url}/${path}` }).end();
        elsewhere.files = withFile(files, rootPath(2), Buffer.from('{}'));
        expect(await scene.firstOpen(withFile(files, path, redirect))).toBe('redirect-refused');
        expect(await scene.update(withFile(files, path, redirect))).toBe('redirect-refused');
      },
    ],
    [
      'at one byte a second is given up as too slow',
      async () => {
        const drip = stalling((response) => {
          response.writeHead(200, { 'Content-Length': MIB }).write('{');
        });
        const outcome = withClock(() => scene.update(withFile(files, path, drip)));
        expect(await outcome).toBe('too-slow');
      },
    ],
    [
      'that never begins is given up as too slow',
      async () => {
        const silent = stalling(() => {});
        const outcome = withClock(() => scene.update(withFile(files, path, silent)));
        expect(await outcome).toBe('too-slow');
      },
    ],
    [
      'that a server compresses on the way counts as it is decoded',
      async () => {
        const compressed = (bytes: Uint8Array): Answer => {
          const body = gzipSync(bytes, { level: 9 });
          return (response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(body);
        };
        const bytes = files.get(path);
        // Zeros take less than a thousandth of their size: fewer bytes arrive than are allowed.
        const zeros = compressed(new Uint8Array(16 * MIB));
        expect(await scene.update(withFile(files, path, zeros))).toBe(code);
        if (!bytes) return; // there is no next root
        expect(await scene.update(withFile(files, path, compressed(bytes)))).toBe('1.1.0');
      },
    ],
    [
      'that a server fails to send twice, in passing, is asked for again',
      async () => {
        let failures = 2;
        const shaky: Answer = (response) => {
          failures -= 1;
          const bytes = files.get(path);
          if (failures === 1) response.destroy();
          else response.writeHead(failures === 0 ? 503 : bytes ? 200 : 404).end(bytes);
        };
        expect(await scene.update(withFile(files, path, shaky))).toBe('1.1.0');
        expect(failures).toBeLessThan(0);
      },
    ],
    [
      'that is wrong once is asked for again, in case a cache is to blame',
      async () => {
        let isWrong = true;
        const wrongOnce: Answer = (response) => {
          const bytes = files.get(path);
          if (isWrong) response.end('{}');
          else response.writeHead(bytes ? 200 : 404).end(bytes);
          isWrong = false;
        };
        const isChunk = path.startsWith('chunks/'); // they never come from a cache
        const outcome = await scene.update(withFile(files, path, wrongOnce));
        expect(outcome).toMatch(isChunk ? /^(?:digest|size)-mismatch$/ : /^1\.1\.0$/);
      },
    ],
    [
      'cut off in the middle of its body fails with a network code',
      async () => {
        const cut: Answer = (response) => {
          response.writeHead(200, { 'Content-Length': MIB }).write('{', () => response.destroy());
        };
        expect(await scene.update(withFile(files, path, cut))).toBe('network-failed');
      },
    ],
  ];

  test.each(someOf(ways, kinds.indexOf(each)))('%s', (_, expectIt) => expectIt());
});

describe('a boot file', () => {
  const path = bootPath('tiny');
  const drip = stalling((response) => {
    response.writeHead(200).write('{');
  });

  test.each<[string, Answer]>([
    ['without an end', endless({ sizeBytes: 0 })],
    ['that is too large', new Uint8Array(MIB).fill(0x20)],
    ['on another origin', (response) => response.writeHead(302, { Location: elsewhere.url }).end()],
    ['that is a server error', (response) => response.writeHead(500).end('no')],
    ['that is cut off', (response) => response.writeHead(200).write('{', () => response.destroy())],
    ['full of gzip bombs', bombs(boot)],
  ])('%s changes nothing', async (_, answer) => {
    expect(await scene.firstOpen(withFile(files, path, answer))).toBe('1.1.0');
  });

  test('at one byte a second costs time and nothing else', async () => {
    const outcome = withClock(() => scene.firstOpen(withFile(files, path, drip)));
    expect(await outcome).toBe('1.1.0');
  });
});

test('a server that holds every answer back ends a first open after two minutes; what came is kept', async () => {
  const held = withMetadataHeld();
  held.delete(bootPath('tiny'));
  scene.server.requests.length = 0;
  expect(await withClock(() => scene.firstOpen(held))).toBe('too-slow');
  // What made it right again went on from the root, the timestamp and the snapshot that had arrived.
  const asked = scene.server.requests.filter((path) => path === rootPath(1));
  expect(asked).toHaveLength(1);
});

test('an update may be as slow as each of its answers may', async () => {
  expect(await withClock(() => scene.update(withMetadataHeld()))).toBe('1.1.0');
});

test.each(['snapshot', 'targets'] as const)(
  'a stolen key that gives the %s an enormous length does not make it endless',
  async (role) => {
    const describing = role === 'snapshot' ? 'timestamp' : 'snapshot';
    const lie = ({ meta }: Signed) => {
      meta[`${role}.json`] = { version: 9, length: 2 ** 40 };
    };
    const forged = forge(files, { [describing]: lie }, tuf);
    const sent = { sizeBytes: 0 };
    const path = `metadata/9.${role}.json`;
    expect(await scene.update(withFile(forged, path, endless(sent, 64 * MIB)))).toBe(
      'metadata-too-large',
    );
    // Twice the limit of 4 MiB, because it is asked for again past the cache, and what sockets hold.
    expect(sent.sizeBytes).toBeLessThan(32 * MIB);
  },
);

test('a gzip bomb in the place of a chunk stops at the size of the chunk', async () => {
  const path = newChunk(true);
  const bomb = gzipSync(new Uint8Array(16 * MIB), { level: 9 }).subarray(0, 17_000);
  expect(bomb.length).toBeGreaterThan(16_000);
  expect(await scene.update(withFile(files, path, gzipSync(new Uint8Array(100_000))))).toMatch(
    /^(?:digest|size)-mismatch$/,
  );
  expect(await scene.update(withFile(files, path, bomb))).toBe('size-mismatch');
});

test('what a private site sends for unknown paths is no next root', async () => {
  const page: Answer = (response) =>
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
  const refusal: Answer = (response) => response.writeHead(403).end('<Error/>');
  expect(await scene.update(withFile(files, rootPath(2), page))).toBe('1.1.0');
  expect(await scene.update(withFile(files, rootPath(2), refusal))).toBe('1.1.0');
});

test('more than the caller allows to download is a download-limit, and nothing is fetched', async () => {
  scene.server.files = files;
  const device = scene.device({ store: await scene.installed(), maxBytes: 899 });
  await expect(device.update()).rejects.toMatchObject({
    code: 'download-limit',
    details: { expected: 899, got: 900 },
  });
  expect((await device.open()).release.version).toBe('1.0.0');
  const generous = scene.device({ store: device.store, maxBytes: 900 });
  expect((await generous.update())?.release.version).toBe('1.1.0');
});

test('what a server sends decoded counts as it was sent, and what is decoded on the device as it arrived', async () => {
  const { files } = scene.first;
  const isWeights = ([path, bytes]: [string, unknown]) =>
    path.endsWith('.z') && gunzipSync(bytes as Uint8Array).length === 2000;
  const [path = '', gzip] = [...files].find(isWeights) as [string, Uint8Array];
  const install = async (maxBytes: number, body: Uint8Array, headers: OutgoingHttpHeaders = {}) => {
    const answer: Answer = (response) => response.writeHead(200, headers).end(body);
    scene.server.files = withFile(files, path, answer);
    return scene
      .device({ maxBytes })
      .install()
      .then(
        ({ release }) => release.version,
        ({ code, details }) => [code, details.expected, details.got],
      );
  };
  const [, , missing] = await install(1, gzip);
  expect(await install(missing, gzip)).toBe('1.0.0');
  const decoded = await install(missing, gunzipSync(gzip));
  expect(decoded).toEqual(['download-limit', missing, expect.any(Number)]);
  expect(decoded[2]).toBeGreaterThan(missing);
  const encoded = { 'Content-Encoding': 'gzip', 'Content-Length': gzip.length };
  expect(await install(missing, gzip, encoded)).toBe('1.0.0');
});

/** A chunk of the second version alone. */
function newChunk(compressed: boolean): string {
  const chunks = [...files.keys()].filter(
    (path) => path.startsWith('chunks/') && !scene.first.files.has(path),
  );
  const [found] = chunks.filter((path) => path.endsWith('.z') === compressed);
  if (!found) throw new Error('expected the second version to have such a chunk');
  return found;
}

/** Answers with next to nothing, and then lets a window of minimum throughput pass. */
function stalling(begin: (response: ServerResponse) => void): Answer {
  return (response) => {
    begin(response);
    setImmediate(() => vi.advanceTimersByTime(30_000));
  };
}

/** Metadata and bundles, one after the other, come after 29 of the 30 s that each may take. */
function withMetadataHeld(): Map<string, Answer> {
  const held = (bytes: Uint8Array): Answer => {
    return (response) => {
      setImmediate(() => {
        vi.advanceTimersByTime(29_000);
        response.end(bytes);
      });
    };
  };
  const isHeld = (path: string) => !path.startsWith('chunks/');
  return new Map([...files].map(([path, bytes]) => [path, isHeld(path) ? held(bytes) : bytes]));
}

function withClock<Result>(act: () => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return act();
}

/** A true boot file that also holds chunks of many megabytes each. */
function bombs(boot: Uint8Array): Uint8Array {
  const parsed = JSON.parse(new TextDecoder().decode(boot));
  const bomb = gzipSync(new Uint8Array(4 * MIB + 1), { level: 9 }).toString('base64');
  for (let i = 0; i < 20; i += 1) parsed.files[`chunks/${`${i}`.padStart(64, '0')}.z`] = bomb;
  return Buffer.from(JSON.stringify(parsed));
}
