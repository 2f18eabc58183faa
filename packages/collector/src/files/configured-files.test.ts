import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openAuditLog } from './audit-log.js';
import { type ConfiguredFiles, openConfiguredFiles } from './configured-files.js';
import { parsePrices } from './prices.js';
import { DEFAULT_TARGETS, parseTargets, targetsOf } from './targets.js';
import { watchFile } from './watched-file.js';

const folder = temporaryFolder();
let path: string;
let count = 0;
let files: ConfiguredFiles | undefined;
beforeEach(() => {
  count += 1;
  path = join(folder, `models-${count}.json`);
});
afterEach(() => files?.close());

const factsOf = (...versions: string[]) => ({
  format: 1,
  models: [
    {
      model: 'digits',
      versions: versions.map((version, i) => ({
        version,
        manifest: 'ab'.repeat(32),
        sequence: i + 1,
        state: 'stable',
      })),
    },
  ],
});

/** As `nearside facts` does. */
function replace(text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function open(paths: { models?: string; targets?: string; prices?: string }) {
  const states: string[] = [];
  const errors: unknown[] = [];
  const auditPath = `${path}.audit`;
  const audit = openAuditLog(auditPath, { now: () => 0, onError: (error) => errors.push(error) });
  files = await openConfiguredFiles({
    paths,
    audit,
    onState: (file, state) => states.push(`${file} ${state}`),
    onError: (error) => errors.push(error),
  });
  const acts = () =>
    readFileSync(auditPath, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { files, states, errors, acts };
}

test.each([
  [{ sucessRate: 0.9 }, /^slo.json, sucessRate: expected one of p95Ms, p99Ms, .*models, got a/],
  [{ models: { ocr: { p95: 1 } } }, /models.ocr.p95: expected one of p95Ms, .*, got an unknown/],
  [{ p95Ms: 400, p99Ms: 300 }, /^slo.json, p99Ms: expected p95Ms \(400\) or more, got 300\.$/],
  [{ models: { ocr: { p99Ms: 90 } } }, /^slo.json, models.ocr.p99Ms: expected .*200.* got 90\.$/],
])('targets that cannot be meant are refused, with what to write: %j', (document, message) => {
  expect(() => parseTargets(document)).toThrow(
    expect.objectContaining({
      code: 'metadata-malformed',
      message: expect.stringMatching(message),
    }),
  );
});

test('who gives a P95 alone over the usual P99 means both', () => {
  const { all, models } = parseTargets({ p95Ms: 800, models: { ocr: { p95Ms: 2000 } } });
  expect(all).toMatchObject({ p95Ms: 800, p99Ms: 800 });
  expect(models).toEqual({ ocr: { p95Ms: 2000, p99Ms: 2000 } });
});

test('models.json is read at the start and when it changes; who listens is told', async () => {
  replace(JSON.stringify(factsOf('1.0.0')));
  const { files, states, acts } = await open({ models: path });
  const told: number[] = [];
  files.facts.onChange(({ models }) => told.push(models[0]?.versions.length ?? 0));
  expect(files.facts.current()?.models[0]?.versions).toHaveLength(1);
  await files.look();
  expect(told).toEqual([]);
  replace(JSON.stringify(factsOf('1.0.0', '1.1.0')));
  await files.look();
  expect(told).toEqual([2]);
  expect(files.facts.current()?.models[0]?.versions).toHaveLength(2);
  expect(states).toEqual(['models loaded', 'models loaded']);
  expect(acts()[1]).toEqual({ at: '1970-01-01T00:00:00.000Z', act: 'models-loaded', path });
});

test('a file that is written anew with the same content is fresh but no act, unless one was refused between', async () => {
  const text = JSON.stringify(factsOf('1.0.0'));
  replace(text);
  const { files, states, acts } = await open({ models: path });
  for (const content of [text, '{', text]) {
    replace(content);
    await files.look();
  }
  const [loaded, refused] = ['models loaded', 'models refused'];
  expect(states).toEqual([loaded, loaded, refused, loaded]);
  expect(acts().map(({ act }) => act)).toEqual([
    'models-loaded',
    'models-refused',
    'models-loaded',
  ]);
});

test('models.json that breaks while running changes nothing, and is told once for each time it breaks', async () => {
  replace(JSON.stringify(factsOf('1.0.0')));
  const { files, states, errors, acts } = await open({ models: path });
  const before = files.facts.current();
  const broken: [string, string][] = [
    ['{"format":1,', 'file-invalid'],
    ['{"format":2,"models":[]}', 'file-invalid'],
    [JSON.stringify(factsOf('1.0.0', '1.0.0')), 'file-invalid'],
    ['', 'file-invalid'],
  ];
  for (const [text, code] of broken) {
    replace(text);
    await files.look();
    await files.look();
    expect(files.facts.current()).toBe(before);
    expect(errors.at(-1)).toMatchObject({ code, message: expect.stringContaining(path) });
  }
  rmSync(path);
  await files.look();
  expect(errors.at(-1)).toMatchObject({ code: 'file-missing' });
  expect(errors).toHaveLength(broken.length + 1);
  expect(acts().at(-1)).toMatchObject({ act: 'models-refused', code: 'file-missing' });

  replace(JSON.stringify(factsOf('1.0.0', '1.1.0')));
  await files.look();
  expect(files.facts.current()?.models[0]?.versions).toHaveLength(2);
  expect(states.at(-1)).toBe('models loaded');
});

test('a change is seen without being asked for', async () => {
  replace('1');
  const loaded: unknown[] = [];
  const file = await watchFile(path, {
    parse: (document) => document,
    onLoaded: (value) => loaded.push(value),
    onRefused: () => {},
    lookEveryMs: 5,
  });
  file.watch();
  replace('2');
  await expect.poll(() => loaded).toEqual([2]);
  file.close();
});

test.each([
  ['models', '{"format":1,"models":[{"model":"Digits","versions":[]}]}', 'models.0.model'],
  ['targets', '{"p95Ms":"fast"}', 'p95Ms'],
  ['targets', '{"models":{"digits":{"successRate":99.9}}}', 'models.digits.successRate'],
  ['targets', '{"p95":200}', 'p95'],
  ['prices', '{"currency":"EUR","serverPerMillionInferences":-1}', 'serverPerMillionInferences'],
  ['prices', '{"currency":"euro","serverPerMillionInferences":1,"cdnPerGigabyte":1}', 'currency'],
  ['prices', 'no JSON', 'expected JSON'],
])(
  '%s that is not right at the start is refused, and the message names file and field: %s',
  async (file, text, field) => {
    replace(text);
    await expect(open({ [file]: path })).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining(field),
    });
    await expect(open({ [file]: path })).rejects.toThrow(path);
  },
);

test.each([
  ['a pipe', () => execFileSync('mkfifo', [path])],
  ['a folder', () => mkdirSync(path)],
])('%s is refused at the start and while running, and keeps nobody waiting', async (_, make) => {
  make();
  const refused = { code: 'file-invalid', message: expect.stringContaining(path) };
  await expect(open({ models: path })).rejects.toMatchObject(refused);
  rmSync(path, { recursive: true });
  replace(JSON.stringify(factsOf('1.0.0')));
  const { files, errors } = await open({ models: path });
  rmSync(path);
  make();
  await files.look();
  expect(errors).toMatchObject([refused]);
});

test('without files nothing is known of models and prices, and targets are the defaults', async () => {
  const { files } = await open({});
  expect(files.facts.current()).toBeUndefined();
  expect(files.prices()).toBeUndefined();
  expect(targetsOf(files.targets(), 'digits')).toEqual(DEFAULT_TARGETS);
});

test('what slo.json says of a model goes before what it says of all, and that before the defaults', () => {
  const targets = parseTargets({
    p95Ms: 300,
    models: { digits: { p95Ms: 50, successRate: 0.99 } },
  });
  expect(targetsOf(targets, 'digits')).toEqual({
    ...DEFAULT_TARGETS,
    p95Ms: 50,
    successRate: 0.99,
  });
  expect(targetsOf(targets, 'other')).toEqual({ ...DEFAULT_TARGETS, p95Ms: 300 });
  expect(targetsOf(targets, 'constructor')).toEqual(targetsOf(targets, 'other'));
});

test('prices are per million inferences, gigabyte and month; a collector that costs nothing is left out', () => {
  const prices = { currency: 'EUR', serverPerMillionInferences: 40, cdnPerGigabyte: 0.05 };
  expect(parsePrices(prices)).toEqual({ ...prices, collectorPerMonth: 0 });
});
