// npm run accuracy -- [--json] [--model <name>]
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { build } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';
import { ensureNeeds, findPython } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';
import { collectRows, missingRow, row } from '../row.mjs';
import { MODELS } from './models.mjs';

/** How far a value may be from the reference's, and what share of the answers must be the same. */
const MAX_DIFFERENCE = 0.002;
const MIN_AGREEMENT = 0.998;
/** The status of a script whose items are not to be had here. */
const MISSING = 4;
/** Below so many items one of them may differ. */
const FEW = 500;

const flags = process.argv.slice(2);
const wanted = flags.flatMap((flag, i) => (flag === '--model' ? [flags[i + 1]] : []));
const names = [...new Set(MODELS.map(({ model }) => model))];
const unknown = wanted.find((name) => !names.includes(name));
if (
  unknown !== undefined ||
  flags.some((flag) => flag.startsWith('-') && !/^--(json|model)$/.test(flag))
) {
  console.error(
    `accuracy: expected --json and --model with one of ${names.join(', ')}; got ${flags.join(' ')}`,
  );
  process.exit(2);
}
const chosen = MODELS.filter(({ model }) => wanted.length === 0 || wanted.includes(model));
const modules = [...new Set(chosen.flatMap((measured) => measured.modules))];
ensureNeeds(['chromium', ...modules, ...chosen.flatMap(({ fonts = [] }) => fonts)]);
ensureInstalled();
build();

const { askNode, startChromium } = await import('./ask.mjs');
const { publishVariants } = await import('./publish-variants.mjs');
const dir = await mkdtemp(`${tmpdir()}/nearside-accuracy-`);
const page = await startChromium(`${dir}/page`);
const engines = { node: askNode, chromium: page.ask };
const { results, error } = await collectRows(measureAll());
const failed = error && String(error.message ?? error);
await page.close();
await rm(dir, { recursive: true, force: true });

if (flags.includes('--json')) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
  console.log(JSON.stringify({ suite: 'accuracy', machine, results, failed }));
} else for (const result of results) console.log(format(result));
if (results.some(({ ok }) => !ok)) process.exitCode = 1;
if (error) {
  console.error('The rows above were measured; then this failed:', error);
  process.exit(1); // what it had started is still running
}

async function* measureAll() {
  for (const measured of chosen) {
    const tools = { dir: `${dir}/${measured.model}`, page };
    yield* await (measured.measure?.(tools) ?? measure(measured));
  }
}

async function measure(measured) {
  const { model, task } = measured;
  const work = await mkdtemp(`${dir}/${model}-`);
  const items = await writeItems(measured, `${work}/items`);
  if (items.missing) return missingRows(measured, items.missing);
  const published = await publishVariants(model, `${work}/published`);
  const rows = [];
  for (const variant of published) {
    for (const [engine, ask] of Object.entries(engines)) {
      if (engine === 'node' && variant.backend !== 'onnx-wasm') continue; // Node has that one alone
      const few = engine === 'chromium' && measured.inChromium;
      const asked = new Set(few ? few(items.list) : items.list);
      const list = [...asked];
      const outputs = await ask(variant, { task, items: list, dir: items.dir });
      const answers = outputs.map(measured.answer);
      const where = { model, variant: variant.variant, backend: variant.backend, engine };
      const reference = items.answers[variant.variant].filter((_, i) => asked.has(items.list[i]));
      const isWhole = list.length === items.list.length;
      rows.push(...(await rowsOf(measured, { where, items: list, answers, reference, isWhole })));
    }
  }
  await Promise.all(published.map(({ server }) => server.close()));
  return rows;
}

/** Has the model's reference write the items, and answer them. */
async function writeItems({ model, script: name = 'answer.py', arguments: more = [] }, items) {
  await mkdir(items);
  const script = `${root}models/${model}/reference/${name}`;
  const { status, stderr, error } = spawnSync(findPython(modules), [script, items, ...more], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === MISSING) return { missing: stderr.trim().split('\n').at(-1) };
  if (status !== 0) {
    const said = error ?? stderr.trim().split('\n').slice(-5).join('\n');
    throw new Error(`${script} failed: ${said}`);
  }
  const read = async (name) => JSON.parse(await readFile(`${items}/${name}`, 'utf8'));
  return { dir: items, list: await read('items.json'), answers: await read('answers.json') };
}

function missingRows({ model, metrics }, missing) {
  return metrics.map(({ name }) => missingRow(`${model}/${name}`, { unit: '', missing }));
}

/** Of fewer items than all a value has no target: it has to be near the reference's. */
async function rowsOf(measured, { where, items, answers, reference, isWhole }) {
  const { metrics, isSame = isEqual, maxDifference = MAX_DIFFERENCE } = measured;
  const same = items.filter((_, i) => isSame(answers[i], reference[i])).length;
  const agreement = same / items.length;
  const agrees = items.length < FEW ? items.length - same <= 1 : agreement >= MIN_AGREEMENT;
  const { model, variant, backend, engine } = where;
  const rows = metrics.map(async ({ name: metric, of, atLeast: least }) => {
    const { value, n } = await of(items, answers, reference);
    const { value: expected } = await of(items, reference, reference);
    const isNear = Math.abs(value - expected) <= (n < FEW ? 1 / n : maxDifference) + 1e-12;
    const name = `${model}/${variant}/${backend}/${engine}/${metric}`;
    const target = typeof least === 'object' ? least[variant] : least;
    const base = row(name, { value, unit: '', atLeast: isWhole ? target : undefined });
    const ok = base.ok && isNear && agrees;
    return { ...base, ok, ...where, metric, n, reference: expected, agreement };
  });
  return Promise.all(rows);
}

function isEqual(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

function format({ name, value, target, ok, n, reference, agreement, missing }) {
  if (missing) return `– ${name}  not measured: ${missing}`;
  const numbers = `${value.toFixed(4)} of ${n}, reference ${reference.toFixed(4)}`;
  return `${ok ? '✓' : '✗'} ${name}  ${numbers}, agreement ${agreement.toFixed(4)}  target ${target}`;
}
