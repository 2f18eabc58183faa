import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimit {
  /**
   * Closes connections on which no request is under way, and from now on each other one when it is answered, so that
   * nobody's work is lost.
   */
  closeUnused(): void;
}

/**
 * Bounds the open connections. A new one takes the place of the one that has taken longest to send its request, so
 * nobody who sends at once waits for those who do not.
 *
 * @param most over this many, counted with the new one
 */
export function limitConnections(server: Server, most: number): ConnectionLimit {
  /** The last request of each connection. The connection that has been silent for longest is first. */
  const open = new Map<Socket, IncomingMessage | undefined>();
  let isClosing = false;

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
      if (isClosing) socket.end();
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
      isClosing = true;
      for (const [socket, request] of open) if (!request) socket.destroy();
    },
  };
}
