import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { limitConnections } from './connection-limit.js';

const sockets: Socket[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Answers when it is told to. */
async function serve(most: number) {
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const answer = () => response.end('done');
    if (request.url === '/slow') waiting.push(answer);
    else request.once('end', answer);
  });
  servers.push(server);
  const limit = limitConnections(server, most);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  async function open(text = ''): Promise<Socket> {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }
  return { limit, open, waiting, url: `http://127.0.0.1:${port}` };
}

/** However it ends. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('2,000 connections that send nothing, or half a request, keep nobody waiting', async () => {
  const { open, url } = await serve(500);
  for (let i = 0; i < 2_000; i += 500) {
    const half = 'POST /v1/reports HTTP/1.1\r\nHost: x';
    await Promise.all(Array.from({ length: 500 }, (_, j) => open(j % 2 ? half : '')));
    expect((await fetch(url)).status).toBe(200);
  }
  const isOpen = (socket: Socket) => !socket.destroyed;
  await expect
    .poll(() => sockets.filter(isOpen).length, { timeout: 10_000 })
    .toBeLessThanOrEqual(500);
});

test('a body that is not sent to its end is given up before a request that waits for an answer', async () => {
  const { open, waiting } = await serve(2);
  const asked = await open('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  const half = await open('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
  await expect.poll(() => waiting.length).toBe(1);
  await open();
  await closed(half);
  waiting[0]?.();
  const [answer] = await once(asked, 'data');
  expect(String(answer)).toContain('200 OK');
});

test('a connection that asked again is not the one that waited longest', async () => {
  const { open } = await serve(2);
  const first = await open();
  const second = await open();
  first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(first, 'data');
  await open();
  await closed(second);
  expect(first.destroyed).toBe(false);
});

test('what was never used is closed when it is told to, what is asked is not', async () => {
  const { limit, open, waiting } = await serve(10);
  const unused = await open();
  const asked = await open('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => waiting.length).toBe(1);
  limit.closeUnused();
  await closed(unused);
  waiting[0]?.();
  expect(String((await once(asked, 'data'))[0])).toContain('200 OK');
});
