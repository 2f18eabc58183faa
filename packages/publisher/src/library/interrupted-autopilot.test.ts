import { cp, rm } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { interrupt } from '../testing/failing-writer.js';
import { type Flight, flights } from '../testing/flight.js';
import { verify } from './verify.js';

vi.setConfig({ testTimeout: 60_000 });

vi.mock('../repository/writing/repository-writer.js', async (importOriginal) => {
  const { failingWriter } = await import('../testing/failing-writer.js');
  return failingWriter(await importOriginal());
});

const DAY_MS = 86_400_000;
const openFlight = flights();

interface Killed {
  /** Writes to the repository: of an act the log, then targets, snapshot, timestamp and a boot file. */
  readonly changes: number;
  readonly rules?: object;
  says(flight: Flight): void;
  readonly offers: string;
  /** What the log has in the end. */
  readonly acts: readonly object[];
}

const revoked = { act: 'revoke', targets: 3 };

test.each<[string, Killed]>([
  [
    'taking back',
    {
      changes: 5,
      says: ({ says }) => says('roll-back'),
      offers: '1.1.0 revoked 5 %',
      acts: [revoked],
    },
  ],
  [
    'widening',
    {
      changes: 5,
      rules: { steps: [25] },
      says: ({ says }) => says('hold', { mayStep: true }),
      offers: '1.1.0 canary 25 %',
      acts: [{ act: 'promote', to: 25, targets: 3 }],
    },
  ],
  [
    'renewing',
    {
      changes: 3,
      rules: { now: () => Date.now() + 8 * DAY_MS },
      says: ({ says }) => says('hold'),
      offers: '1.1.0 canary 5 %',
      acts: [],
    },
  ],
])(
  'killed at any write while %s, the repository verifies, and the next step loses no act and does none twice',
  async (_, killed) => {
    const flight = await openFlight();
    const { repository } = flight.workspace;
    killed.says(flight);
    await cp(repository, `${repository}.before`, { recursive: true });
    for (let at = 0; ; at += 1) {
      await rm(repository, { recursive: true, force: true });
      await cp(`${repository}.before`, repository, { recursive: true });
      const interrupted = await interrupt(at, () => flight.step(killed.rules));
      // an old boot file only costs devices time
      expect((await problems(flight)).filter(({ what }) => !what.startsWith('boot/'))).toEqual([]);
      // a scheduler goes on, whatever the collector says of what is signed now
      const steps = [await flight.step(killed.rules), await flight.step(killed.rules)];
      expect(await problems(flight)).toEqual([]);
      expect((await flight.offers())[0]).toBe(killed.offers);
      expect(await flight.log()).toMatchObject(killed.acts);
      expect(await flight.log()).toHaveLength(killed.acts.length);
      expect(steps.at(-1)?.metadata.targets).toBe(killed.acts.length === 0 ? 2 : 3);
      if (!interrupted) return expect(at).toBe(killed.changes);
    }
  },
);

test('killed before an act that nobody does again, the log says that it was dropped', async () => {
  const flight = await openFlight();
  flight.says('roll-back');
  expect(await interrupt(1, () => flight.step())).toBe(true); // the line is there, and no metadata
  flight.says('hold');
  await flight.step();
  await flight.step();
  expect(await flight.log()).toMatchObject([revoked, { ...revoked, act: 'dropped' }]);
  flight.says('roll-back');
  await flight.step();
  expect(await flight.log()).toMatchObject([revoked, { act: 'dropped' }, revoked]);
  expect((await flight.offers())[0]).toBe('1.1.0 revoked 5 %');
});

/** Errors that a device with the pin alone would meet. */
async function problems({ workspace: { repository }, pin }: Flight) {
  return (await verify({ repository, trust: pin })).problems;
}
