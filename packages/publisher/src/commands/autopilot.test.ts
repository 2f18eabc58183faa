import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { revoke } from '../library/revoke.js';
import { flights } from '../testing/flight.js';
import { runNearside } from '../testing/run-nearside.js';

const openFlight = flights();

async function openDesk() {
  const flight = await openFlight();
  const { repository, keys } = flight.workspace;
  const flags = ['--repo', repository, '--keys', keys, '--fleet', flight.collector.url];
  const words = ['autopilot', ...flags, '--facts', flight.facts];
  return { ...flight, run: (...more: string[]) => runNearside([...words, ...more]) };
}

test('one step says what it did and why', async () => {
  const { run, says } = await openDesk();
  says('roll-back');
  expect(await run()).toEqual({
    exitCode: 0,
    out:
      'tiny 1.1.0, canary for 5 % of devices: was taken back (targets 3), because it is worse than what the ' +
      'others run. The collector: roll-back, by failed-runs.',
    errors: '',
  });
  expect((await run()).out).toBe('No canary is on offer.');
});

test('a dry run says what it would do and why', async () => {
  const { run, says, offers } = await openDesk();
  says('hold', { mayStep: true });
  const { out } = await run('--dry-run', '--steps', '1,5,25%');
  expect(out).toContain(
    'would be offered to 25 %, because it is no worse than what the others run.',
  );
  expect((await run('--dry-run')).out).toContain('stays, because no wider share is asked for.');
  expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 stable']);
});

test('a collector without an answer is told of, and the exit code is 1', async () => {
  const { run, collector } = await openDesk();
  collector.said = undefined;
  const { exitCode, out, errors } = await run('--no-answer', 'hold');
  expect(exitCode).toBe(1);
  expect(out).toContain('stays, because the collector tells nothing of it.');
  expect(errors).toContain('nearside: network-failed: ');
});

test('a canary without a version to go back to stays, with exit code 4', async () => {
  const { run, says, offers, options } = await openDesk();
  await revoke({ ...options, model: 'tiny', version: '1.0.0', force: true });
  says('roll-back', { revision: 3 });
  const { exitCode, out } = await run();
  expect({ exitCode, out }).toEqual({
    exitCode: 4,
    out: expect.stringContaining('stays, because no version would be left for all devices'),
  });
  expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 revoked']);
});

test('while a file `hold` is there nothing is signed, and it says so', async () => {
  const { run, says, workspace, offers } = await openDesk();
  says('roll-back');
  await writeFile(join(workspace.repository, 'hold'), '');
  const { exitCode, out } = await run();
  expect({ exitCode, out }).toEqual({
    exitCode: 0,
    out: expect.stringContaining('A file `hold` lies in the repository: nothing is signed.'),
  });
  expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 stable']);
});

test('with --every a step that fails is told of and does not end it; an interruption does', async () => {
  const { run, says, offers, workspace } = await openDesk();
  says('roll-back');
  const { repository } = workspace;
  await rename(repository, `${repository}.away`);
  const failed = await run('--every', '5m');
  expect(failed).toMatchObject({ exitCode: 0, errors: expect.stringContaining('file-missing') });
  await rename(`${repository}.away`, repository);
  expect((await run('--every', '5m')).out).toContain('was taken back');
  expect(await offers()).toEqual(['1.1.0 revoked 5 %', '1.0.0 stable']);
});

test.each([
  [['--steps', '1,200'], 'Expected a percentage'],
  [['--steps', ''], 'Expected a percentage'],
  [['--no-answer', 'promote'], 'Allowed choices are revoke, hold'],
  [['--every', '0'], 'Expected a time over 0'],
])('wrong usage: %j', async (words, message) => {
  const where = ['--repo', 'site', '--fleet', 'https://reports.example', '--facts', 'models.json'];
  const { exitCode, errors } = await runNearside(['autopilot', ...where, ...words]);
  expect({ exitCode, errors }).toEqual({ exitCode: 2, errors: expect.stringContaining(message) });
});
