import { appendFile, cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planUpload } from '../library/plan.js';
import { prune } from '../library/prune.js';
import { renew } from '../library/renew.js';
import { revoke } from '../library/revoke.js';
import { flights } from '../testing/flight.js';

const TAKEN_BACK = ['1.1.0 revoked 5 %', '1.0.0 stable'];
const openFlight = flights();
const openTwoModels = flights(['first', 'second']);

describe('the log', () => {
  test('is only added to, also after half a line that a killed step left', async () => {
    const { workspace, step, says } = await openFlight();
    const file = join(workspace.repository, '.autopilot.jsonl');
    await appendFile(file, '{"time":"2026-01-01T00:00:00.000Z","act":"rev');
    says('roll-back');
    await step();
    const lines = (await readFile(file, 'utf8')).split('\n');
    expect(lines[0]).toBe('{"time":"2026-01-01T00:00:00.000Z","act":"rev');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ act: 'revoke', targets: 3 });
    expect(lines.slice(2)).toEqual(['']);
  });

  test('is no part of an upload', async () => {
    const { workspace, step, says } = await openFlight();
    says('roll-back');
    await step();
    const { groups } = await planUpload({ repository: workspace.repository });
    expect(groups.flatMap(({ files }) => files).join()).not.toContain('autopilot');
  });

  test('keeps the targets that prove an act when others are pruned', async () => {
    const { workspace, options, step, says } = await openFlight();
    const { repository } = workspace;
    says('roll-back');
    await step();
    for (const _ of [4, 5, 6]) await renew({ ...options, roles: ['targets'] });
    const later = { olderThanMs: 0, now: () => Date.now() + 1000 };
    const { removed } = await prune({ repository, ...later });
    const targets = removed.map(({ path }) => path).filter((path) => path.includes('.targets.'));
    expect(targets).toContain('metadata/2.targets.json');
    expect(targets).not.toContain('metadata/3.targets.json');
    await rm(join(repository, '.autopilot.jsonl'));
    const again = await prune({ repository, ...later });
    expect(again.removed.map(({ path }) => path)).toContain('metadata/3.targets.json');
  });

  test('has each act once where a repository that was never uploaded is fetched again, also of two models', async () => {
    const { workspace, step, says, log, offers } = await openTwoModels();
    const { repository } = workspace;
    await cp(repository, `${repository}.published`, { recursive: true });
    says('roll-back');
    await step();
    const acts = await log();
    for (const name of await readdir(repository)) {
      if (name !== '.autopilot.jsonl') await rm(join(repository, name), { recursive: true });
    }
    await cp(`${repository}.published`, repository, { recursive: true });
    await step();
    expect(await offers()).toEqual([...TAKEN_BACK, ...TAKEN_BACK]);
    expect(await log()).toEqual(acts);
  });

  test('says of an act that was begun and came to nothing that it was dropped', async () => {
    const { workspace, options, step, says, log } = await openFlight();
    const begun = { time: '2026-01-01T00:00:00.000Z', act: 'promote', to: 25, because: 'good' };
    const line = { ...begun, model: 'tiny', version: '1.1.0', targets: 3 };
    await appendFile(join(workspace.repository, '.autopilot.jsonl'), `${JSON.stringify(line)}\n`);
    await revoke({ ...options, model: 'tiny', version: '1.1.0' });
    says('roll-back', { revision: 3 });
    await step();
    await step();
    expect(await log()).toMatchObject([
      line,
      { ...line, act: 'dropped', time: expect.any(String) },
    ]);
  });
});
