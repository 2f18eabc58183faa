import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** Bytes, or anything else that a hostile server does. */
export type Answer = Uint8Array | ((response: ServerResponse, request: IncomingMessage) => void);

export type Files = ReadonlyMap<string, Answer>;

export interface HostileServer {
  readonly url: string;
  /** Its files by path. They may be exchanged at any time. */
  files: Files;
  /** Acts while the server answers nothing, like a device without a network. */
  whileDown<Result>(act: () => Promise<Result>): Promise<Result>;
  /** Paths asked for, in order. */
  readonly requests: string[];
}

/** Serves files from memory until the test file is done. */
export async function serveFiles(files: Files = new Map()): Promise<HostileServer> {
  let isDown = false;
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').slice(1);
    state.requests.push(path);
    const answer = state.files.get(path);
    if (isDown) request.socket.destroy();
    else if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'function') answer(response, request);
    else response.writeHead(200, { 'Content-Length': answer.length }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const state: HostileServer = {
    url: `http://127.0.0.1:${port}`,
    files,
    requests: [],
    async whileDown(act) {
      isDown = true;
      try {
        return await act();
      } finally {
        isDown = false;
      }
    },
  };
  return state;
}

/** Sends spaces for ever, or `atMost` bytes if nobody stops it, and counts them in `sent`. */
export function endless(sent: { sizeBytes: number }, atMost = 256 * 1024 * 1024): Answer {
  const piece = Buffer.alloc(64 * 1024, 0x20);
  return (response: ServerResponse) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && sent.sizeBytes < atMost) {
        sent.sizeBytes += piece.length;
        if (!response.write(piece)) return;
      }
      response.end();
    };
    response.on('drain', more);
    more();
  };
}
