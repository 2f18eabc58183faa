import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { verdictPlan } from '../fleet/verdict-plan.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { collectorAt, describeVerdictPlan } from './fleet-options.js';

const url = 'https://reports.example';

test('the token of a collector is that of a file, or else that of the environment', async () => {
  vi.stubEnv('NEARSIDE_READ_TOKEN', 'of-the-environment');
  const fleetTokenFile = join(await temporaryDirectory(), 'read-token');
  await writeFile(fleetTokenFile, '# since May\nnew-token # of on-call\nold-token\n');
  expect(await collectorAt(url, { fleetTokenFile })).toEqual({ url, token: 'new-token' });
  expect(await collectorAt(url, {})).toEqual({ url, token: 'of-the-environment' });
  vi.stubEnv('NEARSIDE_READ_TOKEN', '');
  expect(await collectorAt(url, {})).toEqual({ url, token: undefined });
  const missing = collectorAt(url, { fleetTokenFile: `${fleetTokenFile}s` });
  await expect(missing).rejects.toMatchObject({ code: 'file-missing' });
});

const hours = [900, 200, 100, 40, 20];
const plans = [0.01, 0.05, 0.1, 0.25, 0.5].map((share, i) => ({ share, hours: hours[i] ?? null }));

test.each([
  [5, 'A verdict takes about 8.3 days at 5 % of devices; 50 % have one in a day.'],
  [30, 'A verdict takes about 40 hours at 30 % of devices; 50 % have one in a day.'],
  [50, 'A verdict takes about 20 hours at 50 % of devices.'],
  [0.5, '0.5 % of devices may be too few for a verdict; 50 % have one in a day.'],
])(
  'how long a verdict takes at %d %% is said by the next smaller share that is planned',
  (percent, words) => {
    expect(describeVerdictPlan(verdictPlan({ plans }, percent), percent)).toBe(words);
  },
);

test('where no share has a verdict in a day, or nothing is known, that is said', () => {
  const slow = verdictPlan({ plans: plans.slice(0, 2) }, 1);
  expect(describeVerdictPlan(slow, 1)).toBe(
    'A verdict takes about 38 days at 1 % of devices; no share has one in a day.',
  );
  const unknown = verdictPlan({ plans: [{ share: 0.05, hours: null }] }, 5);
  expect(describeVerdictPlan(unknown, 5)).toContain('is not known');
});
