import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flights } from '../testing/flight.js';
import { snapshotOf } from '../testing/snapshot.js';
import { verify } from './verify.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const openFlight = flights();

describe('a step', () => {
  test('takes back what two looks in a row found worse, and says so in the facts and in the log', async () => {
    const { workspace, pin, step, says, offers, log, facts } = await openFlight();
    says('roll-back');
    const done = await step();
    expect(done).toMatchObject({
      canaries: [{ version: '1.1.0', percent: 5, decision: { act: 'revoke', because: 'worse' } }],
      acts: [{ act: 'revoke', targets: 3 }],
      metadata: { targets: 3 },
      unanswered: [],
    });
    expect(await offers()).toEqual(['1.1.0 revoked 5 %', '1.0.0 stable']);
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
    expect(await verify({ repository: workspace.repository, trust: pin })).toMatchObject({
      problems: [],
    });
  });

  test('that was done before does nothing, and needs no key', async () => {
    const { workspace, step, says, log } = await openFlight();
    says('roll-back');
    await step();
    const before = await snapshotOf(workspace.repository);
    await rm(workspace.keys, { recursive: true });
    expect(await step()).toMatchObject({ canaries: [], acts: [], renewed: [] });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
    expect(await log()).toHaveLength(1);
  });

  test('widens nothing unless it is asked to by name', async () => {
    const { workspace, step, says, offers } = await openFlight();
    says('promote');
    const before = await snapshotOf(workspace.repository);
    expect(await step()).toMatchObject({
      canaries: [{ decision: { act: 'wait', because: 'not-asked' } }],
      acts: [],
    });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
    expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 stable']);
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
});
