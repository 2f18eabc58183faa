import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { FINDINGS, type FindingCode } from '../doctor/findings.js';
import { DAY_MS } from '../signing/lifetimes.js';
import { runNearside } from '../testing/run-nearside.js';
import { writeSyntheticModel } from '../testing/synthetic-model.js';
import { openWorkspace } from '../testing/workspace.js';
import { type Diagnosis, type DoctorOptions, doctor } from './doctor.js';
import { cacheControlOf } from './plan.js';
import { seal } from './seal.js';

/** The library as it is built for pages without a bundler. */
const DIST = fileURLToPath(new URL('../../../nearside/dist/', import.meta.url));
const OTHER_HASH = `sha256-${'A'.repeat(43)}`;

/** A file as a server sends it. */
interface Sent {
  status: number;
  headers: Record<string, string>;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Changes what a server sends for a path. */
type Fault = (sent: Sent, path: string) => void;

const site = {} as {
  url: string;
  models: string;
  directory: string;
  pin: string;
  integrity: string;
};
const closing: (() => unknown)[] = [];
let faults: { page?: Fault; models?: Fault };
/** The page's HTML behind its import map. */
let html: string;
/** Files as they are sent, compressed once. */
const files = new Map<string, Promise<Sent>>();

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-doctor-'));
  closing.push(() => rm(directory, { recursive: true }));
  const workspace = await openWorkspace(directory);
  const { pin } = await workspace.release();
  const { repository } = workspace;
  const modelDirectory = await writeSyntheticModel(join(directory, 'sealed'), { name: 'sure' });
  const { integrity } = await seal({ modelDirectory, out: join(repository, 'sure') });
  const models = await serve((path) => modelFile(repository, path));
  Object.assign(site, { url: await serve(pageFile), models, directory, pin, integrity });
});

afterAll(async () => {
  for (const close of closing) await close();
});

beforeEach(() => {
  faults = {};
  html = scriptThatOpens({ tiny: `trust: '${site.pin}'`, sure: `integrity: '${site.integrity}'` });
});

function scriptThatOpens(models: Readonly<Record<string, string>>): string {
  const calls = Object.entries(models).map(
    ([name, voucher]) => `open('${site.models}/${name}', { ${voucher} });`,
  );
  return `<script type="module">import { open } from 'nearside'; ${calls.join(' ')}</script>`;
}

function tagsOf(scripts: readonly string[]): string {
  return scripts.map((src) => `<script src="${src}"></script>`).join('');
}

async function serve(answer: (path: string) => Promise<Sent>): Promise<string> {
  const server = createServer(async ({ url = '/' }, response) => {
    const sent = await answer(url);
    response.writeHead(sent.status, sent.headers).end(sent.bytes);
  });
  return listen(server);
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  wasm: 'application/wasm',
  json: 'application/json',
};

async function sentFile(file: string, headers: Record<string, string>): Promise<Sent> {
  const bytes = await readFile(file).catch(() => undefined);
  if (!bytes) return { status: 404, headers: {}, bytes: new Uint8Array() };
  const type = TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  return {
    status: 200,
    headers: { 'Content-Type': type, ...headers },
    bytes: new Uint8Array(bytes),
  };
}

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** A page, and what it needs, as the guide says that they are sent. */
async function pageFile(path: string): Promise<Sent> {
  const headers = {
    ...ISOLATION,
    'Content-Security-Policy':
      `default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; ` +
      `connect-src 'self' ${site.models}`,
    'Content-Encoding': 'gzip',
  };
  const known = files.get(path) ?? sentFile(DIST + path, headers).then((sent) => small(sent, path));
  files.set(path, known);
  const isPage = path === '/';
  const map = '<script type="importmap">{"imports":{"nearside":"/nearside.module.js"}}</script>';
  const own = { status: 200, headers: { ...headers, 'Content-Type': 'text/html' } };
  const sent: Sent = isPage
    ? compressed({ ...own, bytes: Buffer.from(`<!doctype html><meta charset=utf-8>${map}${html}`) })
    : { ...(await known) };
  sent.headers = { ...sent.headers };
  faults.page?.(sent, path);
  return sent;
}

/** Forty megabytes of wasm are a few bytes here, and the library knows their hashes. */
async function small(sent: Sent, path: string): Promise<Sent> {
  const name = path.split('/').at(-1) ?? '';
  if (path.endsWith('.wasm')) return compressed({ ...sent, bytes: standIn(name) });
  if (path !== '/nearside.module.js') return compressed(sent);
  const assets = JSON.parse(await readFile(`${DIST}assets.json`, 'utf8')) as {
    files: { name: string; integrity: string }[];
  };
  const wasm = assets.files.filter((file) => file.name.endsWith('.wasm'));
  const text = wasm.reduce((text, { name, integrity }) => {
    const hash = createHash('sha384').update(standIn(name)).digest('base64');
    return text.replaceAll(integrity, `sha384-${hash}`);
  }, Buffer.from(sent.bytes).toString());
  return compressed({ ...sent, bytes: Buffer.from(text) });
}

function standIn(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(`\0asm ${name}`));
}

/** Some bytes more cost the test less time than compressing. */
function compressed(sent: Sent): Sent {
  return { ...sent, bytes: new Uint8Array(gzipSync(sent.bytes, { level: 0 })) };
}

async function modelFile(repository: string, path: string): Promise<Sent> {
  const sent = await sentFile(repository + path, {
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': cacheControlOf(path.slice(1)),
  });
  faults.models?.(sent, path);
  return sent;
}

/** What is found, by its code. */
async function diagnose(options: Partial<DoctorOptions> = {}) {
  const diagnosis = await doctor({ address: `${site.url}/`, ...options });
  const codes = diagnosis.findings.map(({ code }) => code);
  const of = (code: FindingCode) => diagnosis.findings.find((one) => one.code === code);
  return { ...diagnosis, codes, of };
}

test('a page as the guide makes it has nothing to mend, and the command exits 0', async () => {
  const { exitCode, out, errors } = await runNearside(['doctor', site.url, '--json']);
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
  const { findings, notes, library, models, runtime } = JSON.parse(out) as Diagnosis;
  expect({ findings, notes }).toEqual({ findings: [], notes: [] });
  expect(library).toMatch(/^\d+\.\d+\.\d+/);
  expect(runtime).toHaveLength(9);
  expect(models).toMatchObject([
    { kind: 'signed', version: '1.0.0' },
    { kind: 'sealed', version: '1.0.0' },
  ]);
});

test('faults of the page’s server and of the models’ are found, the gravest first, each with its line', async () => {
  faults.page = ({ headers }, path) => {
    if (path === '/') delete headers['Cross-Origin-Opener-Policy'];
    if (path.endsWith('steps.js')) headers['Content-Type'] = 'text/plain';
    if (path.endsWith('worker-onnx-wasm.js')) delete headers['Cross-Origin-Embedder-Policy'];
    if (path.endsWith('ort-common.wasm')) headers['Content-Type'] = 'application/octet-stream';
  };
  faults.models = ({ headers }, path) => {
    if (path.startsWith('/chunks/')) delete headers['Access-Control-Allow-Origin'];
    if (path.endsWith('timestamp.json')) headers['Cache-Control'] = 'public, max-age=31536000';
  };
  const { codes, of } = await diagnose({ now: () => Date.now() + 12 * DAY_MS });
  expect(codes).toEqual([
    'wrong-type',
    'worker-not-isolated',
    'no-cors',
    'metadata-expires-soon',
    'metadata-kept',
    'half-isolated',
    'wasm-type',
  ] satisfies FindingCode[]);
  expect(of('wrong-type')).toMatchObject({
    files: [`${site.url}/assets/steps.js`],
    message: expect.stringContaining('got text/plain'),
    mend: 'Content-Type: text/javascript',
  });
  expect(of('half-isolated')?.mend).toBe('Cross-Origin-Opener-Policy: same-origin');
  expect(of('metadata-expires-soon')?.mend).toContain('--role timestamp');
});

test('what a policy refuses is found, with the directive as it has to be', async () => {
  const strict =
    "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'none'; " +
    "require-trusted-types-for 'script'; trusted-types other";
  const other = await serve(async () => ({
    status: 200,
    headers: { 'Content-Type': 'text/javascript', 'Access-Control-Allow-Origin': '*' },
    bytes: new Uint8Array(),
  }));
  html += `<script src="${other}/a.js"></script><script crossorigin src="${other}/b.js"></script>`;
  faults.page = ({ headers }) => {
    headers['Content-Security-Policy'] = strict;
  };
  const { codes, of } = await diagnose();
  expect(codes).toEqual([
    'csp-script',
    'csp-worker',
    'csp-wasm',
    'csp-connect',
    'csp-trusted-types',
    'no-corp',
  ] satisfies FindingCode[]);
  expect(of('csp-worker')).toMatchObject({ mend: "Content-Security-Policy: … worker-src 'self'" });
  expect(of('csp-wasm')?.mend).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(of('csp-connect')?.mend).toContain(`connect-src 'self' ${site.models}`);
  expect(of('csp-script')?.files).toEqual([`${other}/a.js`, `${other}/b.js`]);
});

test('files and models that are others than the page means are found', async () => {
  html = scriptThatOpens({
    tiny: `trust: '${OTHER_HASH}'`,
    sure: `integrity: '${OTHER_HASH}'`,
    gone: `trust: '${site.pin}'`,
  });
  html += `<script src="/nearside.global.js" integrity="${`sha384-${'A'.repeat(64)}`}"></script>`;
  faults.page = (sent, path) => {
    if (path.endsWith('worker-onnx-wasm.js')) {
      delete sent.headers['Content-Encoding'];
      sent.bytes = Buffer.from(`postMessage('nearside-ready 0.0.9'); 'nearside.steps.0.0.9'`);
    }
    if (path.endsWith('ort-common.wasm')) sent.bytes = new Uint8Array(gzipSync('\0asm other'));
    if (path.endsWith('jspi.wasm')) sent.status = 404;
  };
  faults.models = ({ bytes }, path) => {
    if (path.startsWith('/chunks/')) bytes.fill(0, 0, 9);
  };
  const { codes, of } = await diagnose({ now: () => Date.now() + 15 * DAY_MS });
  expect(new Set(codes)).toEqual(
    new Set([
      'file-missing',
      'other-file',
      'other-version',
      'model-missing',
      'other-hash',
      'model-damaged',
      'metadata-expired',
    ] satisfies FindingCode[]),
  );
  expect(of('other-version')?.message).toContain('got one of 0.0.9');
  expect(of('file-missing')?.mend).toContain('cp -r node_modules/nearside/dist/assets');
});

test('a page without compression, over http:, is told what that costs', async () => {
  faults.page = (sent, path) => {
    if (path !== '/assets/steps.js') return;
    delete sent.headers['Content-Encoding'];
  };
  const { of } = await diagnose({ address: `${site.url.replace('localhost', '0.0.0.0')}/` });
  expect(of('insecure')?.mend).toMatch(/^Serve the page at https:/);
  expect(of('not-compressed')).toMatchObject({
    files: [expect.stringContaining('/assets/steps.js')],
    message: expect.stringMatching(/which costs [\d,]{5,} bytes/),
  });
});

test('a page that cannot be looked at is one clear line', async () => {
  const answers: Record<string, (response: ServerResponse) => unknown> = {
    '/login': (response) => response.writeHead(401).end(),
    '/broken': (response) => response.writeHead(500).end(),
    '/picture': (response) => response.writeHead(200, { 'Content-Type': 'image/png' }).end(),
    '/never': () => {},
    '/circle': (response) => response.writeHead(302, { Location: '/circle' }).end(),
    '/moved': (response) => response.writeHead(301, { Location: '/there' }).end(),
    '/there': (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>Hi'),
    '/endless': (response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      const more = () => response.destroyed || response.write(' '.repeat(1e6), more);
      more();
    },
  };
  const url = await listen(createServer(({ url = '' }, response) => answers[url]?.(response)));
  const look = (address: string) =>
    doctor({ address, patienceMs: address.endsWith('/never') ? 100 : undefined });
  for (const [path, said] of [
    ['/login', 'status 401: it is behind a login'],
    ['/broken', 'status 500. The server fails: read its log.'],
    ['/picture', 'expected a page, got image/png'],
    ['/never', 'silence for 0.1 s'],
    ['/circle', 'redirects without an end'],
    ['/endless', 'expected at most 10,000,000 bytes, got more'],
  ]) {
    await expect(look(url + path)).rejects.toThrow(said);
  }
  await expect(look('http://localhost:1234/')).rejects.toThrow('nobody listens there');
  const { address, notes } = await look(`${url}/moved`);
  expect({ address, first: notes[0] }).toEqual({
    address: `${url}/there`,
    first: `${url}/moved leads to ${url}/there, which was looked at.`,
  });
  const wrong = await runNearside(['doctor', 'app.example']);
  expect(wrong).toMatchObject({
    exitCode: 2,
    errors: expect.stringContaining('https://app.example/'),
  });
});

test('a page that was made to hold up the doctor is looked at all the same, in parts', async () => {
  const scripts: Readonly<Record<string, string>> = {
    '/spaces.js': `import${' '.repeat(100_000)}`,
    '/versions.js': 'library:a,'.repeat(100_000),
    '/models.js': "url:'a',".repeat(20_000),
    '/folder.js': 'x.p = "//"; x.p + "worker.js"',
  };
  const many = Array.from({ length: 300 }, (_, i) => `/${i}.js`);
  const pages: Readonly<Record<string, string>> = {
    '/texts': tagsOf(Object.keys(scripts)),
    '/scripts': '<script>'.repeat(100_000),
    '/links': '<link '.repeat(100_000),
    '/many': tagsOf(many),
  };
  const url = await listen(
    createServer(({ url = '' }, response) => {
      const type = pages[url] === undefined ? 'text/javascript' : 'text/html';
      response.writeHead(200, { 'Content-Type': type }).end(pages[url] ?? scripts[url] ?? '1');
    }),
  );
  for (const page of ['/texts', '/scripts', '/links']) await doctor({ address: url + page });
  const { scripts: read, notes } = await doctor({ address: `${url}/many` });
  expect(read).toEqual(many.slice(0, 80).map((path) => url + path));
  expect(notes[0]).toContain('the first 80 were looked at');
});

test('an address with a password is refused, and the password printed nowhere', async () => {
  const { exitCode, errors } = await runNearside(['doctor', 'https://me:secret@app.example/']);
  expect(exitCode).toBe(2);
  expect(errors).toContain('without a name and password');
  expect(errors).not.toContain('secret');
});

test('the command prints each finding with its line, and exits 1, also with --json for one model', async () => {
  faults.page = ({ headers }, path) => {
    if (path === '/') delete headers['Cross-Origin-Embedder-Policy'];
  };
  const { exitCode, out } = await runNearside(['doctor', site.url]);
  expect(exitCode).toBe(1);
  expect(out).toContain('1 thing to mend');
  expect(out).toContain(`\n  half-isolated  ${site.url}/\n`);
  expect(out).toContain('mend: Cross-Origin-Embedder-Policy: require-corp');
  const json = await runNearside(['doctor', site.url, '--model', `${site.models}/sure`, '--json']);
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    findings: [{ code: 'half-isolated', gravity: 'weakens' }],
    models: [{ kind: 'sealed', version: '1.0.0' }],
  });
});

test('every row of troubleshooting.md begins with a finding, in their order, or with why doctor cannot see it', async () => {
  const docs = new URL('../../../../docs/troubleshooting.md', import.meta.url);
  const [, part = ''] = (await readFile(docs, 'utf8')).split('## By what you see');
  const [head = '', ...rows] = part.split('\n').filter((line) => line.startsWith('| '));
  expect(head).toContain('| doctor says');
  const cells = rows.slice(1).map((row) => row.split('|')[1]?.trim() ?? '');
  const reasons = new Set([...part.matchAll(/_([a-z]+)_:/g)].map(([, reason]) => `– ${reason}`));
  expect(cells.filter((cell) => !reasons.has(cell))).toEqual(
    Object.keys(FINDINGS).map((code) => `\`${code}\``),
  );
  expect(new Set(cells.filter((cell) => reasons.has(cell)))).toEqual(reasons);
});

/** A Chromium that writes down how it is started, says this and ends. */
async function namedChromium(says: string): Promise<string> {
  const file = join(site.directory, 'chromium');
  await writeFile(file, `#!/bin/sh\necho "$@" > ${file}.started\necho "${says}" >&2\nexit 1\n`, {
    mode: 0o755,
  });
  vi.stubEnv('CHROMIUM', file);
  onTestFinished(() => void vi.unstubAllEnvs());
  return `${file}.started`;
}

test('Chromium is started with its sandbox, by root too, and the error says which flag goes without', async () => {
  const started = await namedChromium('FATAL: No usable sandbox!');
  await expect(doctor({ address: site.url, browser: true })).rejects.toThrow(
    /^Chromium has no sandbox here for .* add --no-sandbox where you trust the page/,
  );
  expect(await readFile(started, 'utf8')).not.toContain('--no-sandbox');
});

test('only --no-sandbox starts it without', async () => {
  const started = await namedChromium('FATAL: something else');
  const { errors } = await runNearside(['doctor', site.url, '--browser', '--no-sandbox']);
  expect(errors).toContain('nearside: failed: Expected Chromium for --browser, got: ');
  expect(await readFile(started, 'utf8')).toContain('--no-sandbox');
});
