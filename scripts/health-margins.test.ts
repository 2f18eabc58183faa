import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GUARDRAILS, type ModelFacts, marginName } from '@nearside/core';
import { afterEach, expect, test } from 'vitest';
import {
  type Collector,
  startCollector,
} from '../packages/collector/src/server/start-collector.js';
import { sampleReport } from '../packages/collector/src/testing/sample-report.js';
import { runCommand } from '../packages/publisher/src/commands/run-command.js';
import { editJson } from '../packages/publisher/src/testing/model-to-pack.js';
import { writeSyntheticModel } from '../packages/publisher/src/testing/synthetic-model.js';
import { openWorkspace, type Workspace } from '../packages/publisher/src/testing/workspace.js';

let collector: Collector | undefined;
afterEach(() => collector?.close());

async function nearside(...words: readonly string[]) {
  const lines: string[] = [];
  const add = (line: string) => lines.push(line);
  const terminal = { out: add, error: add, interrupted: async () => {}, debug: false };
  return { exitCode: await runCommand(words, terminal), printed: lines.join('\n') };
}

/** A model directory whose model.json names these margins, packed by the command. */
async function packWith({ directory }: Workspace, health: Readonly<Record<string, unknown>>) {
  const source = join(directory, 'canary');
  await writeSyntheticModel(source, { version: '1.1.0', sequence: 2, seed: 2 });
  await editJson(join(source, 'model.json'), (spec) => {
    spec.health = health;
  });
  const packed = join(directory, 'canary-packed');
  return { packed, ...(await nearside('pack', source, '--out', packed)) };
}

/** A version for all and a canary with these margins, published by the commands; what the collector is told of them. */
async function factsWith(health: Readonly<Record<string, number>>) {
  const workspace = await openWorkspace();
  const { pin } = await workspace.release();
  const { repository, keys, directory } = workspace;
  const { packed } = await packWith(workspace, health);
  const site = ['--repo', repository, '--keys', keys];
  await nearside('publish', packed, ...site, '--canary', '5');
  const file = join(directory, 'models.json');
  const facts = () => nearside('facts', repository, '--trust', pin, '--out', file);
  expect(await facts()).toMatchObject({ exitCode: 0 });
  const read = async () => JSON.parse(await readFile(file, 'utf8')) as ModelFacts;
  return { file, site, facts, read };
}

/** What a collector with these facts says of a rollout that one device on each side has reported. */
async function guardrailsOf(file: string, { models: [model] }: ModelFacts) {
  collector = await startCollector({ file: ':memory:', port: 0, local: true, models: file });
  for (const [arm, version] of [['canary', '1.1.0'] as const, ['control', '1.0.0'] as const]) {
    const manifest = model?.versions.find((one) => one.version === version)?.manifest;
    const dimensions = { model: 'tiny', version, assigned: version, arm, ...{ manifest } };
    const t0 = Date.now() - 3_000_000;
    const report = sampleReport({ t0, sent: Date.now(), dimensions } as object);
    const body = JSON.stringify(report);
    const { status } = await fetch(`${collector.url}/v1/reports`, { method: 'POST', body });
    expect(status).toBe(204);
  }
  const answer = await fetch(`${collector.url}/v1/fleet/canary?model=tiny`);
  const { rollouts } = await answer.json();
  return rollouts[0].guardrails as { name: string; margin: number; isJudged: boolean }[];
}

test('every margin of model.json is signed, told to the collector, and what it judges a canary by', async () => {
  const names = [...GUARDRAILS, 'outcome-bought'];
  const health = Object.fromEntries(names.map((name, i) => [marginName(name), 11 + i]));
  const { file, read } = await factsWith(health);
  const facts = await read();
  expect(facts.models[0]?.versions.map((one) => one.health)).toEqual([health, undefined]);
  const guardrails = await guardrailsOf(file, facts);
  expect(guardrails.map(({ name, margin, isJudged }) => [name, margin, isJudged])).toEqual(
    names.map((name, i) => [name, (11 + i) / 10_000, true]),
  );
});

test('a margin that is not signed is the standard one, and an outcome without one judges nothing', async () => {
  const { file, read } = await factsWith({ 'failed-runs-bps': 0 });
  const guardrails = await guardrailsOf(file, await read());
  const found = new Map(guardrails.map((one) => [one.name, one]));
  expect(found.get('failed-runs')).toMatchObject({ margin: 0, isJudged: true });
  expect(found.get('slow-runs')).toMatchObject({ margin: 0.02, isJudged: true });
  expect(found.get('outcome-bought')).toMatchObject({ margin: 0.05, isJudged: false });
});

test('margins stay with a version that is promoted and revoked', async () => {
  const health = { 'slow-runs-bps': 300 };
  const { site, facts, read } = await factsWith(health);
  for (const words of [['promote', '--to', '50'], ['promote', '--stable'], ['revoke']]) {
    const [command = '', ...flags] = words;
    const done = await nearside(command, 'tiny', '1.1.0', ...flags, ...site);
    expect(done).toMatchObject({ exitCode: 0 });
    await facts();
    const [newest] = (await read()).models[0]?.versions ?? [];
    expect(newest, words.join(' ')).toMatchObject({ version: '1.1.0', health });
  }
});

test.each([
  [{ 'failed-rums-bps': 50 }, 'failed-runs-bps', "got 'failed-rums-bps'"],
  [{ 'bought-bps': 50 }, 'outcome-<name>-bps', "got 'bought-bps'"],
  [{ 'outcome--bps': 50 }, 'outcome-<name>-bps', "got 'outcome--bps'"],
  [{ 'failed-runs-bps': 10_001 }, 'from 0 to 10000', 'got 10001'],
  [{ 'failed-runs-bps': -1 }, 'from 0 to 10000', 'got -1'],
  [{ 'failed-runs-bps': 0.5 }, 'a whole number', 'got 0.5'],
  [{ 'failed-runs-bps': '50' }, 'expected number', 'got "50"'],
  [
    Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`outcome-${i}-bps`, 50])),
    'at most 4 outcomes',
    'got 5',
  ],
])(
  'margins %j are refused by pack, which says what was expected and got',
  async (health, expected, got) => {
    const { exitCode, printed } = await packWith(await openWorkspace(), health);
    expect(exitCode).toBe(1);
    expect(printed).toContain('model.json, health');
    expect(printed).toContain(expected);
    expect(printed).toContain(got);
  },
);

test('what was packed and then changed to such margins is refused by publish too', async () => {
  const workspace = await openWorkspace();
  const { packed } = await packWith(workspace, { 'failed-runs-bps': 50 });
  await editJson(join(packed, 'model.json'), (spec) => {
    spec.health = { 'failed-rums-bps': 50 };
  });
  const { repository, keys } = workspace;
  const { exitCode, printed } = await nearside(
    ...['publish', packed, '--repo', repository, '--keys', keys],
  );
  expect(exitCode).toBe(1);
  expect(printed).toContain("got 'failed-rums-bps'");
});
