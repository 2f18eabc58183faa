// npm run fleet -- [--scenario none] [--reports <n>] [--devices <n>] [--seed <n>] [--json]
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';

const SCENARIOS = ['none'];
/** The sketch's bound at scale 3, and the six digits of a sum. */
const QUANTILE_BOUND = 0.0434;

const options = parseOptions();
ensureInstalled();
build();
const { simulateWeek } = await import('./week.mjs');
const dir = await mkdtemp(`${tmpdir()}/nearside-fleet-`);
const found = await simulateWeek(`${dir}/fleet.sqlite`, options);
await rm(dir, { recursive: true, force: true });

const rows = judge(found);
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
if (options.json) console.log(JSON.stringify({ ...options, machine, ...found, rows }));
else
  for (const { name, value, expected, ok } of rows)
    console.log(`${ok ? '✓' : '✗'} ${name}  ${value}  (${expected})`);
if (rows.some(({ ok }) => !ok)) process.exitCode = 1;

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        scenario: { type: 'string', default: 'none' },
        reports: { type: 'string', default: '20000' },
        devices: { type: 'string' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    });
    const reports = wholeNumber('reports', values.reports);
    const devices = wholeNumber('devices', values.devices ?? String(Math.ceil(reports / 20)));
    if (!SCENARIOS.includes(values.scenario)) {
      throw new TypeError(
        `--scenario: expected one of ${SCENARIOS.join(', ')}; got '${values.scenario}'`,
      );
    }
    return { ...values, reports, devices, seed: wholeNumber('seed', values.seed) };
  } catch (error) {
    console.error(`fleet: ${error.message}`);
    process.exit(2);
  }
}

function wholeNumber(name, text) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new TypeError(`--${name}: expected a whole number above 0; got '${text}'`);
}

/** Each figure beside the truth. */
function judge({ truth, counted, sent, peakBytes, databaseBytes, seconds }) {
  const exact = (name, value, expected) => ({ name, value, expected, ok: value === expected });
  const quantiles = ['p50Ms', 'p95Ms', 'p99Ms'].map((name) => {
    const error = counted[name] / truth[name] - 1;
    const expected = `within ±${QUANTILE_BOUND} of ${truth[name].toFixed(3)}`;
    return { name: `${name}-error`, value: error, expected, ok: Math.abs(error) <= QUANTILE_BOUND };
  });
  const plain = (name, value, expected) => ({ name, value, expected, ok: true });
  return [
    exact('counted', counted.reports, truth.reports),
    exact('ok', counted.ok, truth.ok),
    exact('failed', counted.failed, truth.failed),
    exact('duplicates', counted.duplicates, sent.duplicates),
    ...quantiles,
    plain('peak-memory-bytes', peakBytes, 'flat in the number of devices'),
    plain('database-bytes', databaseBytes, 'flat in the number of devices'),
    plain('seconds', seconds, 'none'),
  ];
}
