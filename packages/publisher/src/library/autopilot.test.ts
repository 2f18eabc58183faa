import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Flight, flights } from '../testing/flight.js';
import { snapshotOf } from '../testing/snapshot.js';
import { promote } from './promote.js';
import { verify } from './verify.js';

const DAY_MS = 86_400_000;
const CANARY = ['1.1.0 canary 5 %', '1.0.0 stable'];
const TAKEN_BACK = ['1.1.0 revoked 5 %', '1.0.0 stable'];

const loop = async (path: string) => {
  await rm(path, { force: true });
  await symlink(basename(path), path);
};

const openFlight = flights();
const openTwoModels = flights(['first', 'second']);

describe('a step', () => {
  test('takes back what two looks in a row found worse, and says so in the facts and in the log', async () => {
    const { workspace, pin, step, says, offers, log, facts } = await openFlight();
    says('roll-back');
    expect(await step()).toMatchObject({
      canaries: [{ version: '1.1.0', percent: 5, decision: { act: 'revoke', because: 'worse' } }],
      acts: [{ act: 'revoke', targets: 3 }],
      metadata: { targets: 3 },
      problems: [],
    });
    expect(await offers()).toEqual(TAKEN_BACK);
    expect(JSON.parse(await readFile(facts, 'utf8'))).toMatchObject({
      revision: 3,
      models: [{ versions: [{ version: '1.1.0', state: 'revoked' }, { version: '1.0.0' }] }],
    });
    expect(await log()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        act: 'revoke',
        because: 'worse',
        model: 'tiny',
        version: '1.1.0',
        targets: 3,
        verdict: 'roll-back',
        figures: expect.objectContaining({ devices: { canary: 900, control: 900 } }),
      },
    ]);
    const signed = join(workspace.repository, 'metadata', '3.targets.json');
    expect(await readFile(signed, 'utf8')).toContain('revoked');
    const verified = await verify({ repository: workspace.repository, trust: pin });
    expect(verified.problems).toEqual([]);
  });

  test('that was done before does nothing', async () => {
    const { workspace, step, says, log } = await openFlight();
    says('roll-back');
    await step();
    const before = await snapshotOf(workspace.repository);
    expect(await step()).toMatchObject({ canaries: [], acts: [], renewed: [], problems: [] });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
    expect(await log()).toHaveLength(1);
  });

  test('widens nothing unless it is asked to by name', async () => {
    const { workspace, step, says } = await openFlight();
    says('promote');
    const before = await snapshotOf(workspace.repository);
    expect(await step()).toMatchObject({
      canaries: [{ decision: { act: 'wait', because: 'not-asked' } }],
      acts: [],
    });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('widens step by step, a day each, and goes to all where that is asked for', async () => {
    const { step, says, offers, log, collector } = await openFlight();
    const rules = { steps: [1, 5, 25], stable: true };
    says('hold', { mayStep: true });
    await step(rules);
    expect(await offers()).toEqual(['1.1.0 canary 25 %', '1.0.0 stable']);
    says('promote', { revision: 3 });
    expect(await step(rules)).toMatchObject({
      canaries: [{ decision: { act: 'wait', because: 'too-early' } }],
    });
    collector.nowMs = Date.now() + DAY_MS;
    await step({ ...rules, now: () => Date.now() + DAY_MS });
    expect(await offers()).toEqual(['1.1.0 stable', '1.0.0 stable']);
    expect(await log()).toMatchObject([
      { act: 'promote', to: 25, because: 'good', targets: 3, verdict: 'hold' },
      { act: 'promote', to: 'stable', because: 'good', targets: 4, verdict: 'promote' },
    ]);
  });

  test('refuses a step that is no share of devices, before it asks or writes', async () => {
    const { step, collector } = await openFlight();
    await expect(step({ steps: [5, 200] })).rejects.toThrow(RangeError);
    expect(collector.asked).toBe(0);
  });

  test('acts on each model, by targets of its own', async () => {
    const { step, says, log, offers } = await openTwoModels();
    says('roll-back');
    await step();
    expect(await offers()).toEqual([...TAKEN_BACK, ...TAKEN_BACK]);
    expect(await log()).toMatchObject([
      { model: 'first', targets: 5 },
      { model: 'second', targets: 6 },
    ]);
  });

  test.each<[string, (bundle: string) => Promise<unknown>, string]>([
    ['is missing', (bundle) => rm(bundle), 'file-missing'],
    ['cannot be read', (bundle) => loop(bundle), 'ELOOP'],
  ])('takes one model back where the bundle of another %s', async (_, spoil, code) => {
    const { workspace, step, says, log, collector } = await openTwoModels();
    says('roll-back');
    const [first, second] = collector.said ?? [];
    if (!first || !second) throw new Error('expected two');
    collector.said = [{ ...first, verdict: 'promote', written: 'promote' }, second];
    const targets = join(workspace.repository, 'targets');
    for (const name of await readdir(targets)) {
      if (name.includes('first-1.1.0')) await spoil(join(targets, name));
    }
    const { acts, facts, problems } = await step({ steps: [25] });
    expect(acts).toMatchObject([{ act: 'revoke', model: 'second' }]);
    expect(await log()).toMatchObject(acts);
    // the facts of a version that cannot be read are not written
    expect(facts).toBe(undefined);
    expect(problems).toMatchObject([{ code, model: 'first' }, { code }]);
  });
});

describe('a log that cannot be written', () => {
  const unusable = { code: 'log-unusable', message: expect.stringContaining('.autopilot.jsonl') };

  test.each<[string, (file: string) => Promise<unknown>]>([
    ['a folder', (file) => mkdir(file)],
    ['a link to a folder that is not there', (file) => symlink('/nowhere/log', file)],
  ])('keeps no canary from being taken back, and none is widened: %s', async (_, spoil) => {
    const { workspace, step, says, offers } = await openFlight();
    await spoil(join(workspace.repository, '.autopilot.jsonl'));
    says('hold', { mayStep: true });
    expect(await step({ steps: [25] })).toMatchObject({ acts: [], problems: [unusable] });
    expect(await offers()).toEqual(CANARY);
    says('roll-back');
    const { acts, problems } = await step();
    expect(acts).toMatchObject([{ act: 'revoke', targets: 3 }]);
    expect(problems).toMatchObject([unusable]);
    expect(await offers()).toEqual(TAKEN_BACK);
  });

  test('is told of at a step that has nothing to do, before the night on which it matters', async () => {
    const { workspace, step, says } = await openFlight();
    await mkdir(join(workspace.repository, '.autopilot.jsonl'));
    says('hold');
    expect(await step()).toMatchObject({ acts: [], problems: [unusable] });
  });
});

describe('what fails after an act', () => {
  test.each<[string, (flight: Flight) => string]>([
    ['the facts', ({ facts }) => facts],
    ['a boot file', ({ workspace }) => join(workspace.repository, 'boot', 'tiny.json')],
  ])('is told beside it: %s', async (_, file) => {
    const flight = await openFlight();
    const { step, says, log } = flight;
    const blocked = file(flight);
    await rm(blocked, { force: true });
    await mkdir(blocked, { recursive: true });
    says('roll-back');
    const { acts, problems } = await step();
    expect(acts).toMatchObject([{ act: 'revoke', targets: 3 }]);
    expect(problems).toMatchObject([{ code: 'output-exists' }]);
    expect(await log()).toMatchObject(acts);
  });
});

describe('what is not enough for an act', () => {
  test.each<[string, object, string]>([
    ['one look', { written: 'hold' }, 'unconfirmed'],
    ['a verdict of the facts before', { writtenRevision: 1 }, 'unconfirmed'],
    ['facts that are a release behind', { revision: 1 }, 'old-facts'],
  ])('%s', async (_, changed, because) => {
    const { step, says, offers, log } = await openFlight();
    for (const verdict of ['roll-back', 'promote'] as const) {
      says(verdict, changed);
      const { canaries, acts } = await step({ steps: [25], stable: true });
      expect({ canaries, acts }).toMatchObject({
        canaries: [{ decision: { act: 'wait', because } }],
        acts: [],
      });
    }
    expect(await offers()).toEqual(CANARY);
    expect(await log()).toEqual([]);
  });

  test('a verdict of another version', async () => {
    const { step, says, offers } = await openFlight();
    says('roll-back', { version: '1.2.0' });
    expect(await step()).toMatchObject({ acts: [] });
    expect(await offers()).toEqual(CANARY);
  });

  test('a verdict of another experiment, nor is that silence: the collector is perhaps the one of another repository', async () => {
    const { step, says, offers, pauses } = await openFlight();
    for (const verdict of ['roll-back', 'promote'] as const) {
      says(verdict, { experiment: '01234567' });
      expect(await step({ steps: [25], stable: true })).toMatchObject({
        canaries: [{ decision: { act: 'wait', because: 'wrong-setting' } }],
        acts: [],
      });
    }
    expect(pauses).toEqual([]);
    expect(await offers()).toEqual(CANARY);
  });

  test('a verdict that forged reports of another model bring forth, which name its experiment', async () => {
    const { step, says, offers, collector } = await openTwoModels();
    collector.onAsked = () => says(collector.asked <= 2 ? 'roll-back' : 'hold');
    await step();
    expect(await offers()).toEqual([...TAKEN_BACK, ...CANARY]);
  });

  test('a verdict of targets that were signed after the question: the next step acts on its own', async () => {
    const { workspace, options, step, says, offers, collector } = await openFlight();
    says('roll-back');
    let raced = false;
    collector.onAsked = async () => {
      if (raced) return;
      raced = true;
      await promote({ ...options, model: 'tiny', version: '1.1.0', to: 10 });
    };
    expect(await step()).toMatchObject({ acts: [], metadata: { targets: 3 } });
    expect(await offers()).toEqual(['1.1.0 canary 10 %', '1.0.0 stable']);
    says('roll-back', { revision: 3 });
    expect(await step()).toMatchObject({ acts: [{ targets: 4 }] });
    expect(workspace.repository).toBe(options.repository);
  });
});

describe('a flood of forged reports', () => {
  test('for a canary never reaches all devices, as long as nobody asks for it', async () => {
    const { step, says, offers, collector } = await openFlight();
    for (let day = 0; day < 4; day += 1) {
      says('promote', { mayStep: true, written: 'promote', revision: 2 + Math.min(day, 1) });
      collector.nowMs = Date.now() + day * DAY_MS;
      await step({ steps: [1, 5, 25], now: () => Date.now() + day * DAY_MS });
    }
    expect(await offers()).toEqual(['1.1.0 canary 25 %', '1.0.0 stable']);
  });

  test('against all at worst takes canaries back, and touches nothing that all are offered', async () => {
    const { step, says, offers } = await openTwoModels();
    says('roll-back', { undone: { n: 9, of: 9 } });
    await step({ stable: true });
    await step({ stable: true });
    expect(await offers()).toEqual([...TAKEN_BACK, ...TAKEN_BACK]);
  });
});

describe('a clock', () => {
  test('that was turned back widens and takes back nothing by the time of the offer, and signs nothing', async () => {
    const { workspace, step, says, collector } = await openFlight();
    const now = () => Date.now() - 3 * DAY_MS;
    const before = await snapshotOf(workspace.repository);
    says('promote');
    const rules = { steps: [25], stable: true, now };
    const waits = { canaries: [{ decision: { act: 'wait', because: 'clock' } }], acts: [] };
    expect(await step(rules)).toMatchObject(waits);
    collector.said = undefined;
    expect(await step(rules)).toMatchObject(waits);
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });
});

describe('a file `hold` in the repository', () => {
  test('stops it: nothing is signed, and the facts go on', async () => {
    const { workspace, step, says, facts } = await openFlight();
    says('roll-back');
    await writeFile(join(workspace.repository, 'hold'), '');
    const before = await snapshotOf(workspace.repository);
    const later = () => Date.now() + 10 * DAY_MS; // the timestamp is due
    const held = await step({ now: later });
    expect(held).toMatchObject({ isHeld: true, acts: [], renewed: [], facts: { file: facts } });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
    await rm(join(workspace.repository, 'hold'));
    expect(await step()).toMatchObject({ isHeld: false, acts: [{ act: 'revoke' }] });
  });

  test.each<[string, (hold: string) => Promise<unknown>]>([
    ['a link to nothing', (hold) => symlink('/nowhere/hold', hold)],
    ['a link to itself', loop],
  ])('stops it where it is %s', async (_, put) => {
    const { workspace, step, says, offers } = await openFlight();
    says('roll-back');
    await put(join(workspace.repository, 'hold'));
    expect(await step()).toMatchObject({ isHeld: true, acts: [] });
    expect(await offers()).toEqual(CANARY);
  });

  test('that comes while it asks keeps it from acting', async () => {
    const { workspace, step, says, offers, collector } = await openFlight();
    says('roll-back');
    collector.onAsked = () => writeFile(join(workspace.repository, 'hold'), '');
    await step();
    expect(await offers()).toEqual(CANARY);
  });

  test('that comes while it waits for a silent collector keeps it from renewing too', async () => {
    const { workspace, step, collector } = await openFlight();
    collector.said = undefined;
    const now = () => Date.now() + 10 * DAY_MS; // the timestamp is due
    const pause = () => writeFile(join(workspace.repository, 'hold'), '');
    const before = await snapshotOf(workspace.repository);
    expect(await step({ now, pause, noAnswer: 'revoke' })).toMatchObject({
      isHeld: true,
      acts: [],
      renewed: [],
    });
    await rm(join(workspace.repository, 'hold'));
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('that comes while it acts lets the act be finished, and no other begin', async () => {
    const { workspace, step, says, offers, log } = await openTwoModels();
    const [file, hold] = ['.autopilot.jsonl', 'hold'].map((name) =>
      join(workspace.repository, name),
    );
    says('roll-back');
    const now = () => {
      if (existsSync(file as string)) writeFileSync(hold as string, '');
      return Date.now();
    };
    expect((await step({ now })).acts).toMatchObject([{ model: 'first' }]);
    expect(await offers()).toEqual([...TAKEN_BACK, ...CANARY]);
    expect(await log()).toMatchObject([{ model: 'first', targets: 5 }]);
  });
});

describe('a dry run', () => {
  test('says what would be done, and writes nothing: no facts, no log, no lock', async () => {
    const { workspace, step, says, collector, pauses } = await openFlight();
    const before = await snapshotOf(workspace.directory);
    says('roll-back');
    expect(await step({ dryRun: true })).toMatchObject({
      dryRun: true,
      canaries: [{ decision: { act: 'revoke', because: 'worse' } }],
      acts: [],
      facts: undefined,
    });
    collector.said = undefined;
    expect(await step({ dryRun: true, noAnswer: 'revoke' })).toMatchObject({
      canaries: [{ decision: { act: 'revoke', because: 'no-answer' } }],
    });
    expect(pauses).toEqual([]);
    expect(await snapshotOf(workspace.directory)).toEqual(before);
  });
});

describe('metadata and facts', () => {
  test('snapshot and timestamp are signed anew when less than half of their lifetime is left', async () => {
    const { step, says } = await openFlight();
    says('hold');
    expect(await step()).toMatchObject({ renewed: [] });
    const inEightDays = await step({ now: () => Date.now() + 8 * DAY_MS });
    expect(inEightDays).toMatchObject({ renewed: ['timestamp'], metadata: { snapshot: 2 } });
    const inTwentyDays = await step({ now: () => Date.now() + 20 * DAY_MS });
    expect(inTwentyDays.renewed).toEqual(['snapshot', 'timestamp']);
    expect(inTwentyDays.metadata).toMatchObject({ targets: 2, snapshot: 3, timestamp: 4 });
  });

  test('the facts get a new time at each step, because a collector tells by it that the job still runs', async () => {
    const { step, says, facts } = await openFlight();
    says('hold');
    await step();
    const nowMs = Date.now() + 60_000;
    expect((await step({ now: () => nowMs })).facts?.changed).toBe(false);
    expect(JSON.parse(await readFile(facts, 'utf8')).verifiedMs).toBe(nowMs);
  });
});

describe('two autopilots at once', () => {
  test('do each act once', async () => {
    const { step, says, offers, log } = await openTwoModels();
    says('roll-back');
    const steps = await Promise.all([step(), step(), step()]);
    expect(steps.flatMap(({ acts }) => acts)).toHaveLength(2);
    expect(await log()).toHaveLength(2);
    expect(await offers()).toEqual([...TAKEN_BACK, ...TAKEN_BACK]);
    expect(steps.map(({ metadata }) => metadata.targets)).toEqual([6, 6, 6]);
  });

  test('where one stays at work the other fails with `repository-locked` and signs nothing, and its next step acts', async () => {
    const { workspace, step, says, publisherAtWork, offers } = await openFlight();
    says('roll-back');
    const atWork = await publisherAtWork();
    const before = await snapshotOf(workspace.repository);
    await expect(step()).rejects.toMatchObject({ code: 'repository-locked', retryable: true });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
    await atWork[Symbol.asyncDispose]();
    await step();
    expect(await offers()).toEqual(TAKEN_BACK);
  });
});
