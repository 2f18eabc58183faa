import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Many proxies add one of these. The peer's address is then the proxy's. */
const FORWARDING = /^(?:forwarded|x-forwarded-.*|x-real-ip|via)$/;

/**
 * A request looks like one of this machine when its peer is a loopback address, no header says that it was forwarded, and
 * it was addressed to a loopback name. The last keeps out a web page whose host name was rebound to 127.0.0.1, which the
 * browser takes for our own origin.
 *
 * A stranger's looks so too behind an nginx with a plain `proxy_pass`, which adds no header and asks for the collector's own
 * address. So this counts only where `local` says that nobody passes on requests of others.
 */
export function looksLocal({ socket, headers }: IncomingMessage): boolean {
  if (!isLoopbackAddress(socket.remoteAddress)) return false;
  if (isForwarded({ headers })) return false;
  return isLoopbackHost(headers.host);
}

export function isForwarded({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return Object.keys(headers).some((name) => FORWARDING.test(name));
}

/** Only programs of this machine reach a server that listens on such a name or address, proxies among them. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
}

export function isLoopbackAddress(address = ''): boolean {
  // the list knows the many ways to write an IPv6 address, and IPv4 addresses within one
  if (isIPv6(address)) return address === '::1' || LOOPBACK.check(address, 'ipv6');
  return isIPv4(address) && address.startsWith('127.');
}

/** Nearly all hosts match this. To parse an address takes longer than all other checks of a report. */
const COMMON_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** @param host the header: a name or an address, and a port */
function isLoopbackHost(host: string | undefined): boolean {
  if (host !== undefined && COMMON_HOST.test(host)) return true;
  const url = `http://${host ?? ''}`;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return isLoopbackName(hostname.replace(/^\[|\]$/g, ''));
}
