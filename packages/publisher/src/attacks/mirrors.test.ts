import { createMemoryStore, type Mirror, TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { flip } from '../testing/damages.js';
import { expectSameFiles } from '../testing/device.js';
import { type Answer, type Files, serveFiles } from '../testing/hostile-server.js';
import { openScene, withFile } from '../testing/scene.js';

const scene = await openScene();
const mirror = await serveFiles(scene.second.files);
const { files, source } = scene.second;

/** How the first of two addresses of one repository behaves, for every chunk. */
const FIRST: readonly (readonly [string, (bytes: Uint8Array) => Answer])[] = [
  ['has none', () => (response) => response.writeHead(404).end()],
  ['fails', () => (response) => response.writeHead(500).end()],
  ['closes the connection', () => (response) => response.destroy()],
  ['breaks off', () => (response) => response.writeHead(200).write('x', () => response.destroy())],
  ['sends other bytes', (bytes) => flip(bytes, bytes.length >> 1)],
  ['sends nothing', () => new Uint8Array()],
  ['sends one byte more', (bytes) => Uint8Array.from([...bytes, 0])],
  ['redirects', () => (response) => response.writeHead(302, { Location: mirror.url }).end()],
];

describe.each(FIRST)('a first address that %s', (_, answer) => {
  test('for chunks costs requests and nothing else: the mirror has them', async () => {
    scene.server.files = withChunks(answer);
    const device = scene.device({ store: createMemoryStore(), mirrors: [`${mirror.url}/`] });
    await expectSameFiles(await device.install(), source);
  });

  test('for chunks and no mirror is a coded error', async () => {
    scene.server.files = withChunks(answer);
    await expect(scene.device({ store: createMemoryStore() }).install()).rejects.toMatchObject({
      brand: 'nearside-error',
    });
  });
});

test('an address that is slow for a chunk is given up for the other', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  // Chunks are spread over the addresses by their names: both are slow at their first answer.
  let slow = 0;
  const slowOnce = (bytes: Uint8Array): Answer => {
    return (response) => {
      if (slow > 0) return response.end(bytes);
      slow += 1;
      response.writeHead(200).write('x');
      setImmediate(() => vi.advanceTimersByTime(30_000));
    };
  };
  scene.server.files = files;
  mirror.files = files;
  const device = scene.device({ store: createMemoryStore(), mirrors: [`${mirror.url}/`] });
  const version = await device.open();
  const [weights] = version.layout.files['onnx/model.onnx'] ?? [];
  const path = `chunks/${weights?.[0]}`;
  const answer = slowOnce(files.get(path) as Uint8Array);
  scene.server.files = withFile(files, path, answer);
  mirror.files = withFile(files, path, answer);
  const read = await device.readFiles(version, ['onnx/model.onnx']);
  expect(slow).toBe(1);
  expect(await read.get('onnx/model.onnx')?.read(0)).toEqual(files.get(path));
});

test('a first address that is down is replaced by the mirror altogether', async () => {
  const device = scene.device({ store: createMemoryStore(), mirrors: [`${mirror.url}/`] });
  const version = await scene.server.whileDown(() => device.install());
  await expectSameFiles(version, source);
});

test('wrong bytes at one address and none at the other are told as wrong bytes', async () => {
  const wrong = withChunks((bytes) => flip(bytes, bytes.length >> 1));
  const none = withChunks(() => (response) => response.writeHead(404).end());
  for (const [here, there] of [
    [wrong, none],
    [none, wrong],
  ] as const) {
    scene.server.files = here;
    mirror.files = there;
    const device = scene.device({ store: createMemoryStore(), mirrors: [`${mirror.url}/`] });
    await expect(device.install()).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:digest|size)-mismatch$/),
    });
  }
  mirror.files = files;
});

test('a mirror with wrong bytes beside a good address harms nothing', async () => {
  scene.server.files = files;
  mirror.files = new Map([...files].map(([path, bytes]) => [path, flip(bytes, 0)]));
  const device = scene.device({ store: createMemoryStore(), mirrors: [`${mirror.url}/`] });
  await expectSameFiles(await device.install(), source);
  mirror.files = files;
});

describe('headers for a private repository', () => {
  const request = { headers: { authorization: 'Bearer first' } };
  const base = `${mirror.url}/`;

  /** Installs from the mirror, while the first address is down. @returns what the mirror was sent */
  async function sentToMirror(given: string | Mirror, server = mirror): Promise<Set<unknown>> {
    const seen = new Set<unknown>();
    const noting = (bytes: Uint8Array): Answer => {
      return (response, { headers }) => {
        seen.add(headers.authorization);
        response.end(bytes);
      };
    };
    server.files = new Map([...files].map(([path, bytes]) => [path, noting(bytes)]));
    const device = scene.device({ store: createMemoryStore(), mirrors: [given], request });
    const version =
      server === mirror ? await scene.server.whileDown(device.install) : await device.install();
    await expectSameFiles(version, source);
    server.files = files;
    return seen;
  }

  test('are not sent to a mirror of another origin', async () => {
    expect(await sentToMirror(base)).toEqual(new Set([undefined]));
    expect(await sentToMirror({ url: base })).toEqual(new Set([undefined]));
  });

  test('are those of the mirror where it is named with its own', async () => {
    const own = { url: base, request: { headers: { authorization: 'Bearer second' } } };
    expect(await sentToMirror(own)).toEqual(new Set(['Bearer second']));
  });

  test('are sent to a mirror of the same origin', async () => {
    const same = `${scene.server.url}/`;
    expect(await sentToMirror(same, scene.server)).toEqual(new Set(['Bearer first']));
  });
});

test('a mirror that stands still hides no revocation while the first address answers', async () => {
  mirror.files = scene.first.files;
  scene.server.files = files;
  const store = await scene.installed();
  const device = scene.device({ store, mirrors: [`${mirror.url}/`] });
  expect((await device.check()).next?.version).toBe('1.1.0');
  mirror.files = new Map(files).set(TIMESTAMP_PATH, new Uint8Array());
});

function withChunks(answer: (bytes: Uint8Array) => Answer): Files {
  return new Map(
    [...files].map(([path, bytes]) => [path, path.startsWith('chunks/') ? answer(bytes) : bytes]),
  );
}
