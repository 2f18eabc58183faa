import { createHash } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { hostedBackends } from '#platform';
import type { OpenOptions } from '../../shared/api/open-options.js';
import { planAsOpen } from '../../testing/plan-as-open.js';
import type { PlanDefaults } from './plan-opening.js';

const plan = (address: string, options: OpenOptions, defaults?: Partial<PlanDefaults>) =>
  planAsOpen(address, options, { hosted: hostedBackends, defaults: defaults ?? {} });

const pin = `sha256-${'A'.repeat(43)}`;
const integrity = `sha256-${'A'.repeat(43)}=`;
const other = `sha256-${'B'.repeat(42)}A=`;
const url = 'https://cdn.example/models/digits';

test('the last path segment names the model, the rest its repository', async () => {
  const { address } = await plan(url, { trust: pin });
  expect(address).toEqual({ repository: 'https://cdn.example/models/', model: 'digits' });
});

test('an address relative to a page has not the name and password that the page was opened with', async () => {
  vi.stubGlobal('location', { href: 'https://user:secret@app.example/shop/?q=1' });
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  const { address } = await plan('models/digits', { trust: pin });
  expect(address.repository).toBe('https://app.example/shop/models/');
});

test("an address is relative to the document's base, as every other address of a page", async () => {
  vi.stubGlobal('location', { href: 'https://app.example/shop/cart/' });
  vi.stubGlobal('document', { baseURI: 'https://user:secret@app.example/base/' });
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  for (const vouched of [{ trust: pin }, { integrity }]) {
    const { address } = await plan('models/digits', vouched);
    expect(address).toEqual({ repository: 'https://app.example/base/models/', model: 'digits' });
  }
});

test('outside of a page a relative address is refused with the reason', async () => {
  for (const vouched of [{ trust: pin }, { integrity }]) {
    const error = await plan('models/digits', vouched).catch((error) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('relative to no page here: give the whole address');
  }
});

test('a seal vouches in place of a pin, in either alphabet of base64', async () => {
  const hash = Buffer.alloc(32, 0xfb);
  for (const alphabet of ['base64', 'base64url'] as const) {
    const { trust } = await plan(url, { integrity: `sha256-${hash.toString(alphabet)}` });
    expect(trust).toEqual({ pin: undefined, sealSha256: hash.toString('hex') });
  }
});

test("what a device remembers is found by the folder's address, whichever seal is opened", async () => {
  const [one, another] = [
    await plan(url, { integrity }),
    await plan(`${url}/`, { integrity: other }),
  ];
  const sha256 = createHash('sha256').update(url).digest('hex');
  expect([one.prefix, another.prefix]).toEqual([sha256.slice(0, 16), sha256.slice(0, 16)]);
});

test('exactly one of `trust` and `integrity` is taken, and one hash of SHA-256', async () => {
  const wrong = [
    {},
    { trust: pin, integrity },
    { trust: pin, integrity: '' },
    { trust: null as never, integrity },
    { integrity: '' },
    { integrity: `sha384-${'A'.repeat(64)}` },
    { integrity: `${integrity} ${other}` },
    { integrity: 5 as never },
    { integrity: null as never },
  ];
  for (const options of wrong) {
    const error = await plan(url, options).catch((error) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^open: expected .*`trust`/);
    expect(error.message).toContain('`integrity`');
  }
});

test('a pin is required, and a wrong one says what it should look like', async () => {
  await expect(plan(url, {} as never)).rejects.toThrow(/pin/);
  await expect(plan(url, { trust: 'abc' })).rejects.toThrow(TypeError);
});

test('plain http is refused except on localhost', async () => {
  await expect(plan('http://cdn.example/digits', { trust: pin })).rejects.toThrow(/https/);
  await expect(plan('http://localhost:1/digits', { trust: pin })).resolves.toBeDefined();
});

test('the address of a file leads to `openUnsigned`, whatever else the call lacks', async () => {
  for (const file of ['/model.onnx', 'https://cdn.example/tfjs/model.json?key=secret']) {
    const message = `\`openUnsigned('${file.replace('?key=secret', '')}')\``;
    await expect(plan(file, {} as never)).rejects.toThrow(message);
    await expect(plan(file, { trust: pin })).rejects.toThrow(TypeError);
  }
});

test('an option that does not exist is named', async () => {
  const options = { trust: pin, baackend: 'onnx-wasm' };
  await expect(plan(url, options)).rejects.toThrow("'baackend'");
});

test('threads are the engine’s where `open` names none', async () => {
  const engine = { threads: 2 };
  expect((await plan(url, { trust: pin }, engine)).threads).toBe(2);
  expect((await plan(url, { trust: pin, threads: 3 }, engine)).threads).toBe(3);
  expect((await plan(url, { trust: pin })).threads).toBeUndefined();
});

test('without report there is nowhere to report to', async () => {
  expect((await plan(url, { trust: pin })).report).toBeUndefined();
});

test('with Global Privacy Control there is no report, whatever the page asks for', async () => {
  const asked = { trust: pin, report: 'https://reports.example/v1/reports' };
  expect((await plan(url, asked)).report).toBeDefined();
  vi.stubGlobal('navigator', { globalPrivacyControl: true });
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  expect((await plan(url, asked)).report).toBeUndefined();
});

test('a budget for tuning that is none is refused, and what is left out keeps its default', async () => {
  for (const tune of ['never', { maxBytes: 0 }, { maxMs: Number.NaN }, null] as never[]) {
    await expect(plan(url, { trust: pin, tune })).rejects.toThrow(RangeError);
  }
  await expect(plan(url, { trust: pin, tune: { bytes: 1 } as never })).rejects.toThrow("'bytes'");
  const { tune } = await plan(url, { trust: pin, tune: { maxMs: 500 } });
  expect(tune).toEqual({ when: 'idle', maxBytes: 10_000_000, maxMs: 500 });
  expect((await plan(url, { trust: pin, tune: 'off' })).tune.when).toBe('off');
});

test('a forced backend is the only contender; in Node there is but one', async () => {
  const forced = await plan(url, { trust: pin, backend: 'onnx-webgpu' });
  expect([forced.backends, forced.contenders]).toEqual([['onnx-webgpu'], ['onnx-webgpu']]);
  const free = await plan(url, { trust: pin });
  expect([free.backends, free.contenders]).toEqual([['onnx-wasm'], ['onnx-wasm']]);
});

test('a sampling rate outside 0 … 1 is refused', async () => {
  for (const sampleRate of [0, -1, 1.5, Number.NaN]) {
    const report = { to: 'https://a.example/v1/reports', sampleRate };
    await expect(plan(url, { trust: pin, report })).rejects.toThrow(RangeError);
  }
});

test('a rate of traces outside 0 … 1 is refused, and without one none is sent', async () => {
  const to = 'https://a.example/v1/reports';
  for (const traceRate of [-1, 1.5, Number.NaN]) {
    await expect(plan(url, { trust: pin, report: { to, traceRate } })).rejects.toThrow(RangeError);
  }
  for (const report of [to, [to], { to }]) {
    expect((await plan(url, { trust: pin, report })).report?.traceRate).toBe(0);
  }
});

/** By option: values that are none, as people who do without types give them. */
const WRONG: readonly [string, readonly unknown[]][] = [
  ['report', [true, 5, null, '', [], [5], ['https://a.example', ''], 'http://a.example']],
  ['report', ['https://a.example/#top', 'https://user@a.example', 'https://user:b@a.example']],
  ['report.to', [5, null, [5], [], undefined].map((to) => ({ to }))],
  [
    'report.sampleRate',
    ['0.5', null].map((sampleRate) => ({ to: 'https://a.example', sampleRate })),
  ],
  ['onProgress', [0, null, 'often']],
  ['signal', [0, '', null, {}, new AbortController()]],
  ['backend', ['gpu', null, Symbol('gpu'), ['onnx-wasm'], 0]],
  ['tune', [[], null, 5, true, 'never']],
  ['tune.maxMs', ['5', null, -1].map((maxMs) => ({ maxMs }))],
  ['assets', [5, '', null, 'no address']],
  ['request', [5, [], null, new Headers({ a: 'b' })]],
  [
    'request.headers',
    [5, [], null, new Headers(), { a: 5 }, { 'a b': 'c' }].map((headers) => ({ headers })),
  ],
  ['request.credentials', ['always', null].map((credentials) => ({ credentials }))],
  ['store', ['disk', null, 5, []]],
  ['store.directory', [{}, { directory: 5 }, { directory: '' }]],
  ['mirrors', [5, null, 'https://a.example', [5], [null], [''], ['http://a.example']]],
  ['mirrors', ['?v=1', '#top'].map((end) => [`https://a.example/${end}`])],
  ['mirrors', [['https://user:b@a.example']]],
  ['mirrors.url', ['https://a.example?v=1', 5, undefined].map((url) => [{ url }])],
  ['mirrors.request', [5, null].map((request) => [{ url: 'https://a.example', request }])],
  [
    'mirrors.request.headers',
    [5, { 'a b': 'c' }].map((headers) => [{ url: 'https://a.example', request: { headers } }]),
  ],
  ['policy', [5, null, 'manual', []]],
  ['policy.update', ['daily', null, Symbol('daily')].map((update) => ({ update }))],
  ['policy.saveData', ['no', 0, null].map((saveData) => ({ saveData }))],
  ['policy.watchdogMs', ['5000', null, 0, Number.NaN].map((watchdogMs) => ({ watchdogMs }))],
  ['policy.warmUpMs', ['5000', {}].map((warmUpMs) => ({ warmUpMs }))],
  ['policy.maxBytes', ['5000', -1].map((maxBytes) => ({ maxBytes }))],
  ['policy.restHiddenMs', ['0', -1, Number.NaN].map((restHiddenMs) => ({ restHiddenMs }))],
  ['isolate', [0, 'no', null]],
  ['threads', [0, -1, 1.5, '2', null, 'all']],
  ['fallback', [0, null, {}]],
  ['worker', [0, null, 'worker.js']],
  ['capture', [true, () => {}, null, 100]],
  ['capture.redact', [undefined, null, true].map((redact) => ({ redact }))],
  ['capture.maxInputs', [0, 1.5, '5'].map((maxInputs) => ({ redact() {}, maxInputs }))],
];

for (const [place, values] of WRONG) {
  const [option = ''] = place.split('.');
  test(`\`${place}\` of a wrong kind is refused by its name, in words of ours`, async () => {
    for (const value of values) {
      const given = { trust: pin, [option]: value };
      const error: Error = await plan(url, given).then(
        () => new Error(`${String(value)} was taken`),
        (error) => error,
      );
      expect(error.message).toContain(`open: expected \`${place}\` to be `);
      expect(['TypeError', 'RangeError']).toContain(error.name);
    }
  });
}

test('what is wrong with an address is said without the password in it', async () => {
  const address = 'https://user:secret@a.example';
  for (const given of [{ mirrors: [address] }, { report: address }, { report: { to: address } }]) {
    const opening = plan(url, { trust: pin, ...given });
    await expect(opening).rejects.toThrow(/got .*https:\/\/…@a\.example/);
  }
});

test('mirrors are bases, each with a request of its own or none', async () => {
  const request = { credentials: 'include' } as const;
  const mirrors = ['https://b.example/models', { url: 'https://c.example', request }];
  const planned = await plan(url, { trust: pin, mirrors });
  expect(planned.mirrors).toEqual([
    { url: 'https://b.example/models/' },
    { url: 'https://c.example/', request },
  ]);
});

test('fields that do not exist are named, of whatever option', async () => {
  const unknown = [
    { report: { to: 'https://a.example', often: 1 } },
    { request: { cookies: 1 } },
    { mirrors: [{ url: 'https://a.example', headers: {} }] },
    { store: { directory: '/tmp', quota: 1 } },
    { policy: { watchdogMS: 5 } },
  ];
  for (const given of unknown) {
    const [option = ''] = Object.keys(given);
    const opening = plan(url, { trust: pin, ...given } as never);
    await expect(opening).rejects.toThrow(`open: expected one of the fields of \`${option}\``);
  }
});

test('an address that is none, or options that are none, are refused before anything is fetched', async () => {
  for (const wrong of [undefined, null, 5, {}, Symbol('digits')]) {
    const opening = plan(wrong as never, { trust: pin });
    await expect(opening).rejects.toThrow(/^open: expected the address of a model; got /);
  }
  for (const wrong of [undefined, null, 5, [], AbortSignal.abort()]) {
    const opening = plan(url, wrong as never);
    await expect(opening).rejects.toThrow(
      /^open: expected an object of options; got .* `integrity`.* `trust`/,
    );
  }
  const { address } = await plan(new URL(url) as never, { trust: pin });
  expect(address.repository + address.model).toBe(url);
});

test('every option passes, and one that is undefined is left out', async () => {
  const { signal } = new AbortController();
  const act = () => undefined;
  const ordinary = {
    trust: pin,
    report: ['https://a.example/v1/reports', 'http://localhost:1/v1/reports'],
    onProgress: act,
    signal,
    fallback: act,
    worker: act,
    isolate: true,
    threads: 2,
    backend: 'onnx-wasm',
    tune: 'before-open',
    store: 'memory',
    assets: 'https://a.example/nearside',
    mirrors: undefined,
    runtime: undefined,
    capture: undefined,
    policy: { maxBytes: 1, saveData: false, update: 'manual', warmUpMs: 1, watchdogMs: undefined },
    request: undefined,
  } as const;
  await plan(url, ordinary);
  const special = [
    { tune: { maxBytes: 1, maxMs: Number.POSITIVE_INFINITY } },
    { store: { directory: 'models' } },
    { report: { to: 'https://a.example', sampleRate: 1 } },
    { report: { to: ['https://a.example'], sampleRate: undefined } },
    { report: { to: 'https://a.example', traceRate: 0 } },
    { capture: { redact: act } },
    { capture: { redact: act, maxInputs: 5, maxBytes: 5 } },
    { request: { headers: { authorization: 'Bearer abc' }, credentials: 'omit' } as const },
    { request: {} },
    { mirrors: ['https://b.example/models'] },
    { mirrors: [] },
    { runtime: 'auto' as const },
    { runtime: 'full' as const },
    { mirrors: ['https://b.example', { url: 'https://c.example', request: { headers: {} } }] },
    { report: 'https://a.example/v1/reports?app=1' },
    { policy: {} },
  ];
  for (const given of special) await plan(url, { trust: pin, ...given });
});
