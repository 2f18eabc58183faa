import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { limitConnections } from '../access/connection-limit.js';
import { drain } from './drain.js';

/** Answers `/slow` when it is told to. */
async function serve() {
  const server = fastify({ return503OnClosing: false });
  const waiting: (() => void)[] = [];
  server.get('/slow', () => new Promise((resolve) => waiting.push(() => resolve('done'))));
  server.post('/sent', async () => 'done');
  const connections = limitConnections(server.server, 10);
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const open = async (text: string) => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  };
  return { server, connections, waiting, open };
}

test('what is under way is answered before it ends, and a connection that asked nothing does not delay it', async () => {
  const { server, connections, waiting, open } = await serve();
  const asked = await open('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await open('');
  await expect.poll(() => waiting.length).toBe(1);
  const drained = drain(server, connections);
  waiting[0]?.();
  expect(String((await once(asked, 'data'))[0])).toContain('200 OK');
  await drained;
});

test('a connection whose request was half sent is closed with its answer, and not when the time is over', async () => {
  const { server, connections, open } = await serve();
  const head =
    'POST /sent HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\n';
  const reached = once(server.server, 'request');
  const half = await open(`${head}half`);
  await reached;
  // it would not end within the time of this test
  const drained = drain(server, connections, { withinMs: 1e9 });
  half.write('half');
  expect(String((await once(half, 'data'))[0])).toContain('200 OK');
  await drained;
});

test('what is not done in time is cut off', async () => {
  const { server, connections, waiting, open } = await serve();
  const asked = await open('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  const half = await open('POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
  await expect.poll(() => waiting.length).toBe(1);
  await drain(server, connections, { withinMs: 10 });
  await expect.poll(() => asked.destroyed && half.destroyed).toBe(true);
});
