import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assignInstall } from '../../packages/artifact/dist/assignment.js';
import { rolloutBucket } from '../../packages/artifact/dist/rollout-bucket.js';
import { drawsOf } from '../fleet/random.mjs';
import { missingRow, row } from '../row.mjs';
import { sized } from '../sized.js';

const IDS = sized(100_000, 1000);
const BUCKETS = 10_000;
/** Shares of a canary one after the other, in buckets. */
const RAMP = [100, 500, 2500, 5000, 7500, 10_000];
/** Up to here the control is as large. */
const WIDEST_CONTROL = 5000;
const SALT = '5f3c9a70d1e24b86';
/** A right share of so many ids is further away, in standard errors, once in a thousand times. */
const FURTHEST = 3.29;
const PYTHON = fileURLToPath(new URL('buckets.py', import.meta.url));

/** Who is in a rollout: ids that every run draws alike. */
export async function* buckets() {
  const draws = drawsOf(37);
  const ids = Array.from({ length: IDS }, () => draws.hex(16));
  const found = await Promise.all(ids.map((id) => rolloutBucket(SALT, id)));
  const sides = [];
  for (const toBps of RAMP) sides.push(await sidesOf(ids, toBps));

  yield row('bucket-share-error', {
    value: Math.max(...RAMP.slice(0, -1).map((toBps) => standardErrors(found, toBps))),
    unit: `standard errors, the most of ${RAMP.length - 1} shares of ${IDS} ids`,
    atMost: FURTHEST,
  });
  yield row('ramp-violations', {
    value: ids.filter((_, i) => hasLeft(sides.map((atShare) => atShare[i]))).length,
    unit: `of ${IDS} ids that lost the canary or changed sides`,
    atMost: 0,
  });
  yield await pythonRow(ids);
}

/** The library beside Python, by salts of two kinds. */
async function pythonRow(ids) {
  const name = 'bucket-python-differences';
  const unit = `of ${IDS} ids`;
  const byPython = askPython(ids.map((id, i) => [saltOf(i), RAMP[i % RAMP.length], id]));
  if (!byPython) return missingRow(name, { unit, atMost: 0, missing: 'no Python here' });
  const byLibrary = await Promise.all(
    ids.map(async (id, i) => {
      const salt = saltOf(i);
      const side = await sideOf(targetsOf(RAMP[i % RAMP.length], salt), id);
      return `${await rolloutBucket(salt, id)} ${side}`;
    }),
  );
  const value = byLibrary.filter((line, i) => line !== byPython[i]).length;
  return row(name, { value, unit, atMost: 0 });
}

/** Salts are hex digits; what is signed may be any text. */
function saltOf(i) {
  return i % 2 === 0 ? SALT : `Größe ${i}`;
}

function standardErrors(found, toBps) {
  const share = toBps / BUCKETS;
  const among = found.filter((bucket) => bucket < toBps).length / found.length;
  return Math.abs(among - share) / Math.sqrt((share * (1 - share)) / found.length);
}

/** Stable installs may join either side. Nobody leaves the canary, nor the control while it grows. */
function hasLeft(sides) {
  return sides.some((side, i) => {
    const before = sides[i - 1];
    if (before === 'control') return side !== before && RAMP[i] <= WIDEST_CONTROL;
    return before === 'canary' && side !== before;
  });
}

async function sidesOf(ids, toBps) {
  const targets = targetsOf(toBps, SALT);
  return Promise.all(ids.map((id) => sideOf(targets, id)));
}

async function sideOf(targets, installId) {
  const { arm } = await assignInstall(targets, { model: 'digits', installId });
  return arm;
}

/** What signed targets say of a canary beside a version for all. */
function targetsOf(toBps, salt) {
  const requires = { format: 1, runtime: ['onnx'] };
  const target = (version, sequence, more) => [
    `digits-${version}.oms.json`,
    {
      length: 1,
      hashes: { sha256: '' },
      custom: { model: 'digits', version, sequence, requires, ...more },
    },
  ];
  const rollout = { salt, fromBps: 0, toBps };
  return {
    targets: Object.fromEntries([
      target('1.0.0', 1, { state: 'stable' }),
      target('1.1.0', 2, { state: 'canary', rollout }),
    ]),
  };
}

/** @returns a line of bucket and side for each; undefined without a Python */
function askPython(rows) {
  const { PYTHON: python = 'python3' } = process.env;
  const input = rows.map((one) => one.join('\t')).join('\n');
  const options = { input, encoding: 'utf8', maxBuffer: 1 << 26 };
  const { error, status, stdout, stderr } = spawnSync(python, [PYTHON], options);
  if (error?.code === 'ENOENT') return undefined;
  if (status !== 0) throw new Error(`buckets.py: expected exit code 0, got ${status}: ${stderr}`);
  return stdout.trimEnd().split('\n');
}
