import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** A proxy on this machine adds one of these; then the peer's address is the proxy's. */
const FORWARDING = /^(?:forwarded|x-forwarded-.*|x-real-ip|via)$/;

/**
 * Whether a request comes from this very machine: the peer is a loopback address, no header says
 * that it was forwarded, and it was addressed to a loopback name. The last keeps out a web page
 * whose host name was rebound to 127.0.0.1, which the browser takes for our own origin.
 */
export function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  if (!isLoopbackAddress(socket.remoteAddress)) return false;
  if (isForwarded({ headers })) return false;
  return isLoopbackHost(headers.host);
}

/** Whether a header says that a request came through a proxy. */
export function isForwarded({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return Object.keys(headers).some((name) => FORWARDING.test(name));
}

/** Whether only this machine reaches who listens on that name or address. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
}

function isLoopbackAddress(address: string | undefined): boolean {
  if (!address || isIP(address) === 0) return false;
  return LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function isLoopbackHost(host: string | undefined): boolean {
  const url = `http://${host ?? ''}`;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return isLoopbackName(hostname.replace(/^\[|\]$/g, ''));
}
