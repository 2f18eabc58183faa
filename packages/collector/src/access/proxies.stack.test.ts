import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { startCaddy, startNginx } from '../../../../scripts/services/proxies.mjs';
import { type CollectorOptions, startCollector } from '../server/start-collector.js';

const TOKEN = 'read-token-0123456789';
const PER_MINUTE = 10;

/** Where a stranger knocks. */
interface Door {
  readonly url: string;
  readonly socketPath?: string;
}

/** What a stranger may send with a request, as whoever speaks to a proxy can. */
type Headers = Record<string, string>;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** No proxy is trusted at this address: a stranger comes from it. */
const STRANGER = '127.0.0.2';

function ask({ url, socketPath }: Door, path: string, headers: Headers = {}, method = 'GET') {
  const from = socketPath === undefined ? { localAddress: STRANGER } : { socketPath };
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, ...from }, (response) => {
      let body = '';
      response.on('data', (piece) => {
        body += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject).end();
  });
}

async function start(options: Partial<CollectorOptions> = {}) {
  const collector = await startCollector({
    file: ':memory:',
    port: 0,
    readToken: TOKEN,
    requestsPerMinute: PER_MINUTE,
    ...options,
  });
  onTestFinished(collector.close);
  return collector;
}

async function behindNginx(port: number, ...directives: string[]) {
  const nginx = await startNginx([`proxy_pass http://127.0.0.1:${port}`, ...directives]);
  onTestFinished(nginx.close);
  return nginx;
}

async function behindCaddy(port: number, options = '') {
  const caddy = await startCaddy([`reverse_proxy 127.0.0.1:${port} ${options}`]);
  onTestFinished(caddy.close);
  return caddy;
}

/** An address of this machine that is no loopback address, as that of a pod is. */
function addressOfPod(): string {
  const found = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal);
  if (!found) throw new Error('Expected an IPv4 address beside 127.0.0.1, got none.');
  return found.address;
}

/** As docs/operating/running.md has them. */
const FORWARDING = [
  'proxy_set_header Host $host',
  'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for',
  'proxy_set_header X-Forwarded-Proto $scheme',
];

const doors: Record<string, () => Promise<Door>> = {
  'nginx with its plain proxy_pass': async () => {
    const { url } = await behindNginx((await start()).port);
    return { url };
  },
  'nginx that adds forwarding headers': async () => {
    const { port } = await start({ trustedProxies: ['127.0.0.1'] });
    const { url } = await behindNginx(port, ...FORWARDING);
    return { url };
  },
  'nginx that is reached over a UNIX socket': async () => {
    const { socketPath } = await behindNginx((await start()).port);
    return { url: 'http://localhost', socketPath };
  },
  'Caddy with its plain reverse_proxy': async () => behindCaddy((await start()).port),
  'Caddy that leaves out forwarding headers': async () => {
    const names = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host'];
    const lines = names.map((name) => `header_up -${name}`);
    return behindCaddy((await start()).port, `{\n${lines.join('\n')}\n}`);
  },
  'the ingress of a pod': async () => {
    const address = addressOfPod();
    const { port } = await start({ host: '0.0.0.0', trustedProxies: [address] });
    const nginx = await startNginx([
      `proxy_pass http://${address}:${port}`,
      'proxy_set_header X-Forwarded-For $remote_addr',
    ]);
    onTestFinished(nginx.close);
    return { url: nginx.url };
  },
};

/** The host that a stranger asks for is his choice. */
const HOSTS = ['collector.example', 'localhost', '127.0.0.1:8787'];

test.each(Object.entries(doors))('behind %s nobody becomes this machine', async (_, open) => {
  const door = await open();
  for (const host of HOSTS) {
    expect((await ask(door, '/metrics', { host })).status, host).toBe(401);
  }
  const authorization = `Bearer ${TOKEN}`;
  const shown = await ask(door, '/v1/fleet/models', { host: 'localhost', authorization });
  expect(shown.status).toBe(200);
  const path = '/v1/fleet/latency?model=digits';
  const figures = await ask(door, path, { host: 'localhost', authorization });
  expect(JSON.parse(figures.body)).toMatchObject({ minDevices: 50 });
  const statuses = [];
  for (let i = 0; i <= PER_MINUTE; i += 1) {
    const forged = { host: 'localhost', 'X-Forwarded-For': `198.51.100.${i}` };
    statuses.push((await ask(door, '/v1/reports', forged, 'POST')).status);
  }
  expect(statuses.at(-1), 'the limit holds, whatever address a stranger claims').toBe(429);
});
