import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACCESS_DEFAULTS } from '../packages/collector/src/access/access.js';
import { answersOver } from '../packages/collector/src/answers/answers.js';
import { runCommand as runCollector } from '../packages/collector/src/command/run-command.js';
import { parsePrices } from '../packages/collector/src/files/prices.js';
import { parseTargets } from '../packages/collector/src/files/targets.js';
import { createProcessMetrics } from '../packages/collector/src/metrics/process-metrics.js';
import { ALERTS, runbookName } from '../packages/collector/src/rules/alerts.js';
import { createServer } from '../packages/collector/src/server/server.js';
import {
  FACTS,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../packages/collector/src/testing/fleet-store.js';
import { hasPromtool, promtool } from '../packages/collector/src/testing/promtool.js';
import { READY } from '../packages/collector/src/testing/ready.js';
import { freshNames } from '../packages/collector/src/testing/sample-report.js';
import { temporaryFolder } from '../packages/collector/src/testing/temporary-folder.js';
import { runCommand as runNearside } from '../packages/publisher/src/commands/run-command.js';
import { root } from './root.mjs';

const FOLDER = `${root}docs/operating/runbooks/`;
const MOST_LINES = 25;

/** What is no field in a filter of jq: its own words, and names of what it prints. */
const OF_JQ = /\b(?:select|or|todate|sort_by|reverse)\b|\w+:/g;

const folder = temporaryFolder();

const NOW_MS = MONDAY_MS + 12 * HOUR_MS;

/** What somebody on call puts in. Nothing of it exists, so that no command does anything. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  COLLECTOR: '',
  MODEL: 'digits',
  VERSION: '1.1.0',
  BEFORE: '1.0.0',
  REPO: '/nowhere/site',
  KEYS: '/nowhere/keys',
  SITE: '/nowhere/site',
  PIN: `sha256-${'A'.repeat(43)}`,
  APP: 'http://127.0.0.1:1/',
  ORIGIN: 'https://app.example',
  PROXY: '192.0.2.1',
  PROMETHEUS: 'http://127.0.0.1:1',
  JOB: 'nearside-collector',
  INSTANCE: 'collector:8787',
};

const books = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(FOLDER + file, 'utf8');
  return {
    name: file.replace(/\.md$/, ''),
    text,
    commands: commandsIn(text),
    queries: queriesIn(text),
  };
});
/** Pages with commands for the same person. */
const pages = ['before-production', 'incidents', 'rounds', 'targets'].map((name) =>
  readFileSync(`${root}docs/operating/${name}.md`, 'utf8'),
);
const commands = [
  ...new Set([...books.flatMap((book) => book.commands), ...pages.flatMap(commandsIn)]),
];
const queries = [...new Set(books.flatMap((book) => book.queries))];

test('each alert has a runbook, and each runbook an alert', () => {
  expect(books.map(({ name }) => name).sort()).toEqual(
    ALERTS.map(({ name }) => runbookName(name)).sort(),
  );
  for (const { name } of ALERTS) {
    expect(books.find((book) => book.name === runbookName(name))?.text).toMatch(
      new RegExp(`^# ${name}\n`),
    );
  }
});

test('a runbook says symptom, check, mitigate and verify, in 25 lines of text at most, each with something to do', () => {
  for (const { name, text } of books) {
    expect(text.match(/^## .+$/gm), name).toEqual([
      '## Symptom',
      '## Check',
      '## Mitigate',
      '## Verify',
    ]);
    expect(text.match(/^.+$/gm)?.length, name).toBeLessThanOrEqual(MOST_LINES);
    for (const part of text.split(/^## .+$/m).slice(1)) expect(part.trim(), name).not.toBe('');
  }
});

test.each(commandsOf('npx nearside'))(
  'npx nearside %s is a command that exists, with these options',
  async (line) => {
    const words = wordsOf(line);
    const asked = words.length === 1 ? [...words, '--help'] : words;
    const said: string[] = [];
    const print = (text: string) => said.push(text);
    const code = await runNearside(asked, {
      ...{ out: print, error: print, progress: undefined, askSecret: undefined, debug: false },
      interrupted: async () => {},
    });
    expect(code, said.join('\n')).not.toBe(2);
  },
);

test.each(commandsOf('npx @nearside/collector'))(
  'npx @nearside/collector %s has these options',
  async (line) => {
    const said: string[] = [];
    const print = (text: string) => said.push(text);
    const signal = AbortSignal.abort();
    // a token file that does not exist ends it after its words were read
    const code = await runCollector(wordsOf(line), {
      print,
      printError: print,
      signal,
      environment: {},
    });
    expect({ code, said }).toEqual({ code: 1, said: [expect.stringContaining('file-missing')] });
  },
);

test('each address in a runbook is answered, with the fields that are looked at', async () => {
  const { server, close } = await serveFleet();
  for (const line of commands.filter((command) => command.includes('"$COLLECTOR'))) {
    const address = filled(/"(\$COLLECTOR[^"]*)"/.exec(line)?.[1] ?? '');
    const { statusCode, body } = await server.inject(address);
    expect({ address, statusCode }).toEqual({ address, statusCode: 200 });
    const filter = /\| jq '(.+)'$/.exec(line)?.[1];
    if (!filter) continue;
    const fields = keysIn(JSON.parse(body));
    const looked = filter.replaceAll(OF_JQ, '').match(/[a-zA-Z]\w+/g) ?? [];
    for (const field of looked) expect(fields, line).toContain(field);
  }
  await close();
});

test('a runbook asks Prometheus in one way, and a pasted query has the labels of the alert', () => {
  for (const { name, text } of books) expect(text, name).not.toContain('```promql');
  for (const line of commands.filter((command) => command.includes('$PROMETHEUS'))) {
    // an interactive shell takes ! between double quotes for a command
    expect(line).toMatch(/--data-urlencode (?:"query=[^"!]+"|'query=[^'$]+') \| jq/);
  }
});

test('each query in a runbook asks for metrics and labels that /metrics has', async () => {
  const page = readFileSync(`${root}docs/metrics.md`, 'utf8');
  const rows = [...page.matchAll(/^\| `(nearside_\w+)` \| (\w+) \| (.*?) \|/gm)];
  const labels = new Set([
    'job',
    'instance',
    'le',
    ...rows.flatMap(([, , , cell = '']) => cell.match(/\w+/g) ?? []),
  ]);
  const names = new Set(
    rows.flatMap(([, name = '', type]) => [
      name,
      ...(type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : []),
    ]),
  );
  expect(queries.length).toBeGreaterThan(5);
  const file = join(folder, 'rules.yml');
  const rules = queries.map((expr) => ({ record: 'a:runbook:query', expr }));
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'runbooks', rules }] }));
  if (hasPromtool) expect(await promtool('check', 'rules', '--lint=none', file)).toBe('');
  for (const query of queries) {
    for (const [name] of query.matchAll(/nearside_\w+/g)) expect(names, query).toContain(name);
    for (const [, list = ''] of query.matchAll(/by \(([^)]*)\)/g))
      for (const label of list.split(', ')) expect(labels, query).toContain(label);
    for (const [, label = ''] of query.matchAll(/[{,] ?(\w+)[=!]/g))
      expect(labels, query).toContain(label);
  }
});

test('each page and each runbook that a runbook names exists', () => {
  for (const { name, text } of books) {
    const named = text.match(/docs\/[\w/-]+\.md/g) ?? [];
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => `${FOLDER}${link}`);
    for (const file of [...named.map((page) => root + page), ...links]) {
      expect(existsSync(file), `${name}: ${file}`).toBe(true);
    }
  }
});

test('the index leads to each runbook', () => {
  const index = readFileSync(`${root}docs/operating/README.md`, 'utf8');
  for (const { name } of books) expect(index).toContain(`](runbooks/${name}.md)`);
});

test('each placeholder of a runbook is explained in the index', () => {
  const index = readFileSync(`${root}docs/operating/README.md`, 'utf8');
  const used = new Set(books.flatMap(({ text }) => text.match(/\$[A-Z]+/g) ?? []));
  for (const name of used) expect(index).toContain(`\`${name}\``);
});

test('a program can fill in a postmortem: each word in capitals stands in one place', () => {
  const form = readFileSync(`${root}docs/operating/postmortem.md`, 'utf8');
  const fields = form.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [];
  expect(new Set(fields).size).toBe(fields.length);
  const times = [
    'RELEASED',
    'FIRST_DEVICE',
    'DETECTED',
    'VERDICT',
    'TAKEN_BACK',
    'LAST_DEVICE_WELL',
  ];
  expect(fields).toEqual(expect.arrayContaining(times.map((time) => `${time}_AT`)));
});

/** Lines of code blocks, and code within a line, that are commands. */
function commandsIn(text: string): string[] {
  const joined = text.replaceAll(/ \\\n +/g, ' ');
  const lines = [...joined.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  const inline = [
    ...joined.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`((?:npx|curl) [^`]+)`/g),
  ].map(([, code = '']) => code);
  return [...lines, ...inline].map((line) => line.replace(/ +# .*$/, ''));
}

function queriesIn(text: string): string[] {
  const questions = text.matchAll(/(["'])query=(.+?)\1 \|/g);
  return [...questions].map(([, , query = '']) => filled(query));
}

function commandsOf(program: string): string[] {
  const found = commands.filter((command) => command.startsWith(`${program} `));
  expect(found.length).toBeGreaterThan(0);
  return found.map((command) => command.slice(program.length + 1));
}

function wordsOf(line: string): string[] {
  return filled(line.replaceAll('"', ''))
    .split(' ')
    .map((word) => (word === 'read-token' ? '/nowhere/token' : word));
}

function filled(line: string): string {
  return line
    .replaceAll(
      /\$\(\(\$\(date \+%s\) - (\d+)\)\)000/g,
      (_, seconds) => `${NOW_MS - Number(seconds) * 1000}`,
    )
    .replaceAll(/\$([A-Z]+)/g, (_, name) => PLACEHOLDERS[name] ?? `no placeholder ${name}`);
}

/** A collector that two devices on each side of a rollout report to. */
async function serveFleet() {
  const arms = ['stable', 'canary', 'control'] as const;
  const hours = Array.from({ length: 12 }, (_, hour) => MONDAY_MS + hour * HOUR_MS);
  const more = { updates: [{ version: '1.1.0', installed: 1 }] };
  const store = await storeOf(
    hours.flatMap((atMs) =>
      arms.flatMap((arm) =>
        [0, 1].map((g) => ({ atMs, g, arm, more, version: arm === 'canary' ? '1.1.0' : '1.0.0' })),
      ),
    ),
  );
  const found = { model: 'digits', version: '1.1.0', subject: '', revision: null, figures: {} };
  await store.addLook(
    [{ ...found, atMs: NOW_MS - 60_000, kind: 'success', state: 'began' }],
    NOW_MS,
  );
  const server = createServer({
    store,
    answers: answersOver(store),
    names: freshNames(),
    metrics: createProcessMetrics(NOW_MS),
    minDevices: 1,
    access: { ...ACCESS_DEFAULTS, local: true },
    readiness: async () => READY,
    targets: () => parseTargets({}),
    facts: () => ({ format: 1, models: [FACTS] }),
    prices: () =>
      parsePrices({ currency: 'EUR', serverPerMillionInferences: 1, cdnPerGigabyte: 1 }),
    dashboard: undefined,
    now: () => NOW_MS,
    onError: (error) => expect.unreachable(`${error}`),
  });
  return { server, close: () => store.close() };
}

function keysIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, inner] of Object.entries(value)) keysIn(inner, found.add(key));
  return found;
}
