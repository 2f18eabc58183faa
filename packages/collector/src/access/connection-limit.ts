import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimit {
  /** Closes connections on which nothing was asked, or nothing since the last answer: nobody's work is lost. */
  closeUnused(): void;
}

/**
 * Bounds the open connections. A new one takes the place of the one that has taken longest to send its request, so
 * nobody who sends at once waits for those who do not.
 *
 * @param most over this many, counted with the new one
 */
export function limitConnections(server: Server, most: number): ConnectionLimit {
  /** What was asked last; those that have waited longest for us to hear from them are first. */
  const open = new Map<Socket, IncomingMessage | undefined>();

  server.on('connection', (socket: Socket) => {
    open.set(socket, undefined);
    socket.once('close', () => open.delete(socket));
    if (open.size > most) closeSlowest();
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    open.set(socket, request);
    response.once('close', () => {
      if (!open.delete(socket)) return;
      open.set(socket, undefined);
    });
  });

  function closeSlowest(): void {
    for (const [socket, request] of open) {
      if (request?.complete) continue; // it waits for our answer
      open.delete(socket);
      socket.destroy();
      return;
    }
  }

  return {
    closeUnused() {
      for (const [socket, request] of open) if (!request) socket.destroy();
    },
  };
}
