import { accessSync, constants } from 'node:fs';
import { ACCESS_DEFAULTS, requireAddress } from '../access/access.js';
import { parseOrigins } from '../access/origins.js';
import { requireTokens } from '../access/tokens.js';
import { StartError } from '../refusals/start-error.js';
import { publicAddressOf, receiverOf } from '../sending/receiver.js';
import { PORTS } from '../server/listen.js';
import { COLLECTOR_DEFAULTS } from '../server/start-collector.js';
import { databaseAt, fileAt } from '../store-at.js';
import { address, flag, integer, list, text, tokens } from './option.js';

/** Reports go to this file where no other place is given. */
export const DEFAULT_FILE = '.nearside/collector.sqlite';

/** The options of serving, by their names in `startCollector`, and `json`. */
export const SERVE_OPTIONS = {
  file: text({
    flag: 'file',
    value: 'path',
    defaultText: `${DEFAULT_FILE} (command only)`,
    text: 'SQLite file, created with its folder; `:memory:` keeps nothing',
    check: fileAt,
  }),
  database: address({
    flag: 'database',
    value: 'url',
    text: 'PostgreSQL database in place of the file: `postgres://user:password@host:5432/name`',
    check: databaseAt,
  }),
  host: text({
    flag: 'host',
    value: 'address',
    default: COLLECTOR_DEFAULTS.host,
    text: 'address to listen on',
  }),
  port: integer({
    flag: 'port',
    value: 'number',
    from: 0,
    defaultText: `${PORTS.first}, or the next free one up to ${PORTS.first + PORTS.tries - 1}`,
    text: 'a given port that is busy is an error; 0 is any free one',
  }),
  minDevices: integer({
    flag: 'min-devices',
    value: 'number',
    from: 1,
    default: COLLECTOR_DEFAULTS.minDevices,
    text: 'groups of fewer devices are hidden; --local shows them to this machine',
  }),
  local: flag({
    flag: 'local',
    text: 'for your own machine, with no proxy on it: its requests are not limited, see groups of any size, and need a read token only if one is given',
  }),
  readToken: tokens({
    flag: 'read-token',
    value: 'token',
    text: 'needed to read figures, metrics and pages; only --local does without one; one or several',
    check: (given) => requireTokens(given, 'the read token'),
  }),
  siteToken: tokens({
    flag: 'site-token',
    value: 'token',
    text: 'needed to send reports; one or several',
    check: (given) => requireTokens(given, 'the site token'),
  }),
  origins: list({
    flag: 'origin',
    value: 'origin',
    defaultText: 'all',
    text: 'origins whose pages may send reports: `https://app.example`',
    check: parseOrigins,
  }),
  requestsPerMinute: integer({
    flag: 'requests-per-minute',
    value: 'number',
    from: 1,
    default: ACCESS_DEFAULTS.requestsPerMinute,
    text: "from one IPv4 address, or one /64 network of IPv6; --local leaves out this machine's",
  }),
  maxConnections: integer({
    flag: 'max-connections',
    value: 'number',
    from: 1,
    default: ACCESS_DEFAULTS.maxConnections,
    text: 'open at a time; a new one replaces the one that sends most slowly',
  }),
  trustedProxies: list({
    flag: 'trusted-proxy',
    value: 'address',
    text: "addresses and subnets of proxies that may tell a sender's address",
    check: (proxies) => proxies.forEach(requireAddress),
  }),
  auditLog: text({
    flag: 'audit-log',
    value: 'file',
    text: 'file to which administrative acts are added, a line of JSON each',
  }),
  models: text({
    flag: 'models',
    value: 'file',
    text: 'the models and versions on offer, as `nearside facts` wrote them',
    check: (path) => requireReadable(path, ' `nearside facts` writes it: run it first.'),
  }),
  slo: text({
    flag: 'slo',
    value: 'file',
    text: 'targets for latency, success and accuracy',
    check: (path) => requireReadable(path),
  }),
  prices: text({
    flag: 'prices',
    value: 'file',
    text: 'what inferences cost elsewhere',
    check: (path) => requireReadable(path),
  }),
  tracesTo: address({
    flag: 'traces-to',
    value: 'url',
    text: 'receiver of OTLP/HTTP that also gets the traces that are kept',
    check: receiverOf,
  }),
  notifyTo: address({
    flag: 'notify-to',
    value: 'url',
    text: 'receiver that is told of each finding when it begins and when it ends, in JSON',
    check: receiverOf,
  }),
  url: text({
    flag: 'url',
    value: 'url',
    defaultText: 'the address to listen on',
    text: 'address at which people reach it, for links in notices',
    check: publicAddressOf,
  }),
  json: flag({ flag: 'json', text: 'prints the address as JSON' }),
};

function requireReadable(path: string, advice = ''): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const message = `${path}: expected a file that can be read.${advice}`;
    throw new StartError('file-missing', message, { cause });
  }
}
