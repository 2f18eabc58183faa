import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { revoke } from '../library/revoke.js';
import type { FakeCollector } from '../testing/collector.js';
import { flights } from '../testing/flight.js';
import { runNearside } from '../testing/run-nearside.js';
import { BECAUSE } from './autopilot.js';

const openFlight = flights();

async function openDesk() {
  const flight = await openFlight();
  const { repository, keys } = flight.workspace;
  const flags = ['--repo', repository, '--keys', keys, '--fleet', flight.collector.url];
  const words = ['autopilot', ...flags, '--facts', flight.facts];
  return { ...flight, desk: words, run: (...more: string[]) => runNearside([...words, ...more]) };
}

test('one step says what it did and why', async () => {
  const { run, says, facts } = await openDesk();
  says('roll-back');
  expect(await run()).toEqual({
    exitCode: 0,
    out:
      'tiny 1.1.0, canary for 5 % of devices: was taken back (targets 3), because it is worse than what the ' +
      'others run. The verdict is roll-back: worse by failed-runs.\n' +
      `Wrote the facts to ${facts}.\n` +
      'Next: upload what is new, `timestamp.json` after all but `boot/`, which comes last.',
    errors: '',
  });
  expect((await run()).out).toBe(
    `No canary is on offer, so \`--fleet\` was not asked.\nWrote the facts to ${facts}.`,
  );
});

test('with `--no-answer revoke` the end of a canary that nobody has reported of is told in its first day', async () => {
  const { run } = await openDesk();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2 * 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  const end =
    /If that is still so at \d{4}-\d\d-\d\dT[\d:.]+Z, it is taken back; `--no-answer hold` keeps it\./;
  expect((await run('--no-answer', 'revoke')).out).toMatch(end);
  expect((await run()).out).not.toMatch(end);
});

test('a dry run says what it would do and why', async () => {
  const { run, says, offers } = await openDesk();
  says('hold', { mayStep: true });
  const { out } = await run('--dry-run', '--steps', '1,5,25%');
  expect(out).toContain(
    'would be offered to 25 %, because it is no worse than what the others run.',
  );
  expect(out).toContain('Dry run: nothing is written.');
  expect((await run('--dry-run')).out).toContain('stays, because no wider share is asked for.');
  expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 stable']);
});

test('an act is told of where the facts cannot be written after it, and the exit code is 1', async () => {
  const { run, says, facts } = await openDesk();
  says('roll-back');
  await mkdir(facts);
  const { exitCode, out, errors } = await run();
  expect(exitCode).toBe(1);
  expect(out).toContain('was taken back (targets 3)');
  expect(errors).toContain(`nearside: output-exists: ${facts}: expected a file`);
});

test.each<[string, Partial<FakeCollector>, string]>([
  ['is down', { said: undefined }, 'It is down or out of reach.'],
  ['has heard of neither side', {}, 'It has had no report of it or its control in two weeks.'],
])(
  'a collector that %s keeps the canary, is told of, and the exit code is 1',
  async (_, changed, said) => {
    const { run, collector, offers } = await openDesk();
    Object.assign(collector, changed);
    const { exitCode, out } = await run();
    expect({ exitCode, out }).toEqual({
      exitCode: 1,
      out: expect.stringContaining(
        `stays, because the collector tells nothing of it. ${said} \`nearside status --fleet\``,
      ),
    });
    expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 stable']);
  },
);

test('a canary that is silent while its control reports stays, with exit code 4 and the line that takes it back', async () => {
  const { run, says, offers, log, workspace } = await openDesk();
  says('hold', { devices: { canary: 0, control: 3 } });
  const { exitCode, out } = await run();
  expect({ exitCode, out }).toEqual({
    exitCode: 4,
    out: expect.stringContaining(
      'stays, because no device of it has reported, and devices of its control have. The verdict is',
    ),
  });
  expect(out).toContain(`\`nearside revoke tiny 1.1.0 --repo ${workspace.repository}\``);
  expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 stable']);
  expect(await log()).toEqual([]);
});

test('with `--no-answer revoke` it is taken back, and the log says that it was silent', async () => {
  const { desk, says, log } = await openDesk();
  says('hold', { devices: { canary: 0, control: 3 } });
  const revoking = [...desk, '--no-answer', 'revoke'];
  const { exitCode, out } = await runNearside(revoking, { wait: async () => {} });
  expect({ exitCode, out }).toEqual({
    exitCode: 0,
    out: expect.stringContaining(
      'was taken back (targets 3), because no device of it has reported',
    ),
  });
  expect(await log()).toMatchObject([{ act: 'revoke', because: 'silent', verdict: 'hold' }]);
});

test('a collector that knows only another rollout of the version is a wrong setting, and the exit code is 1', async () => {
  const { desk, says } = await openDesk();
  says('roll-back', { experiment: '01234567' });
  const { exitCode, out } = await runNearside(desk, { wait: async () => {} });
  expect({ exitCode, out }).toEqual({
    exitCode: 1,
    out: expect.stringContaining('`--fleet` is not the collector of these devices, or refuses'),
  });
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
    out: expect.stringContaining('nothing is signed until it is removed.'),
  });
  expect(await offers()).toEqual(['1.1.0 canary 5 %', '1.0.0 stable']);
});

test('with --every a first step that finds the lock held, and any later one that fails, is told of and does not end it; an interruption does', async () => {
  const { desk, says, offers, workspace, publisherAtWork } = await openDesk();
  const { repository } = workspace;
  says('hold');
  const atWork = await publisherAtWork();
  const waits: number[] = [];
  let interrupt = () => {};
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const wait = async (ms: number) => {
    waits.push(ms);
    if (waits.length === 1) await atWork[Symbol.asyncDispose]();
    if (waits.length === 1) await rename(repository, `${repository}.away`);
    if (waits.length === 2) await rename(`${repository}.away`, repository);
    if (waits.length === 2) says('roll-back');
    if (waits.length === 3) interrupt();
  };
  const { exitCode, out, errors } = await runNearside([...desk, '--every', '5m'], {
    interrupted: () => interrupted,
    wait,
  });
  expect({ exitCode, waits }).toEqual({ exitCode: 0, waits: [300_000, 300_000, 300_000] });
  expect(errors).toMatch(/^nearside: repository-locked: .*\nnearside: file-missing: .*$/);
  expect(out).toContain('was taken back');
  expect(await offers()).toEqual(['1.1.0 revoked 5 %', '1.0.0 stable']);
});

test.each<[string, string[], number, string]>([
  ['a root key that it can read', [], 4, 'gate-refused'],
  ['a folder of keys that is not there', ['--keys', 'nowhere'], 1, 'file-missing'],
  ['an address that is none', ['--fleet', '127.0.0.1:8899'], 2, 'usage'],
])('with --every %s ends it at once', async (_, words, exitCode, code) => {
  const { run, workspace } = await openDesk();
  await writeFile(join(workspace.keys, 'root.pem'), '');
  const failed = await run('--every', '5m', ...words);
  expect(failed).toMatchObject({ exitCode, errors: expect.stringContaining(`nearside: ${code}`) });
});

test('before it takes back a canary that nobody has reported of, it says that it waits and how long', async () => {
  const { desk, collector } = await openDesk();
  collector.said = undefined;
  const waits: number[] = [];
  const { out, errors } = await runNearside([...desk, '--no-answer', 'revoke', '--json'], {
    wait: async (ms) => waits.push(ms),
  });
  expect(waits).toEqual([300_000]);
  expect(errors).toContain('Asks again in 5 minutes, and takes the canary back');
  expect(JSON.parse(out)).toMatchObject({ acts: [{ act: 'revoke', because: 'no-answer' }] });
});

test('docs/operating/releases.md says of each reason to wait what to do', async () => {
  const docs = new URL('../../../../docs/operating/releases.md', import.meta.url);
  const [, table = ''] = (await readFile(docs, 'utf8')).split(/^\| reason .*$/m);
  const [rows = ''] = table.split('\n\n');
  const told = [...rows.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, reason]) => reason);
  const acted = ['worse', 'good', 'dwell'];
  expect([...told, ...acted].sort()).toEqual(Object.keys(BECAUSE).sort());
});

test.each([
  [['--steps', '1,200'], 'Expected a percentage'],
  [['--steps', ''], 'Expected a percentage'],
  [['--no-answer', 'promote'], 'Allowed choices are hold, revoke'],
  [['--steps', '25,5'], 'Expected shares that ascend'],
  [['--every', '0'], 'Expected a time of a minute to 24 days, such as 5m'],
  [['--every', '10s'], 'Expected a time of a minute to 24 days, such as 5m'],
  [['--every', '25d'], 'Expected a time of a minute to 24 days, such as 5m'],
])('wrong usage: %j', async (words, message) => {
  const where = ['--repo', 'site', '--fleet', 'https://reports.example', '--facts', 'models.json'];
  const { exitCode, errors } = await runNearside(['autopilot', ...where, ...words]);
  expect({ exitCode, errors }).toEqual({ exitCode: 2, errors: expect.stringContaining(message) });
});
