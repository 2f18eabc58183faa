import { setTimeout as sleep } from 'node:timers/promises';
import { engines } from '../../scripts/kills/engines.mjs';
import { hearMarks, standingMarks } from '../../scripts/kills/hear-marks.mjs';
import { tellNowAndThen } from '../turns.mjs';

/** Nothing beside what the visit does by itself. */
const QUIET = { tune: 'off', policy: { update: 'manual' } };

/** What a visit does so that the library comes to a phase. Where no other backend may be tried, the one that serves is warmed up. */
const VISITS = {
  opening: { works: [], options: QUIET },
  loading: { works: [], options: QUIET },
  running: { works: ['run'], options: QUIET },
  warming: { works: ['run', 'stay'], options: { backend: 'onnx-wasm', policy: QUIET.policy } },
  tuning: { works: ['run', 'tune'], options: { policy: QUIET.policy } },
  updating: { works: ['run', 'update'], options: QUIET },
};

const PHASES = Object.keys(VISITS);

/** A page's last words arrive in this time after its death, ms. */
const LAST_WORDS_MS = 100;

/** A visit takes a second or two; one that takes so long is over, ms. */
const VISIT_LIMIT_MS = 60_000;

/** A drawn moment may come to nothing: the page may be between two phases, or done. */
const DRAWS_PER_KILL = 2;

/**
 * Kills pages at drawn moments of each phase in turn, and compares what the next visits find with what the page was doing.
 *
 * @param {'chromium' | 'firefox' | 'webkit'} engineName
 * @param {object} options
 * @param {string} options.site the page's address
 * @param {Awaited<ReturnType<typeof import('./digits.mjs').publishDigits>>} options.digits
 * @param {number} options.kills how many, while a mark stands
 * @returns {Promise<Trial[]>} with some more: of pages without a mark, whose death must not be found
 *
 * @typedef {object} Trial
 * @property {string} phase that the mark stood for; `none`
 * @property {string | undefined} fault what is wrong with what was found
 */
export async function killAtDrawnMoments(engineName, { site, digits, kills }) {
  const engine = await engines[engineName]();
  const heard = await hearMarks();
  const lengths = {};
  const trials = [];
  const say = tellNowAndThen();
  const isEnough = () => trials.filter(({ phase }) => phase !== 'none').length >= kills;
  try {
    let device = await installDevice(engine, { site, digits });
    for (let i = 0; !isEnough() && trials.length < DRAWS_PER_KILL * kills; i += 1) {
      say(`${engineName}: ${trials.length} killed, for ${kills} with a mark`);
      const phase = PHASES[i % PHASES.length];
      const bench = { device, heard, site, digits, phase };
      // The first time a phase is left alone, to see how long it takes here.
      if (phase in lengths) trials.push(await killOnce(bench, Math.random() * lengths[phase]));
      else lengths[phase] = await timePhase(bench);
      if (phase !== 'updating') continue;
      await device.close(); // it may have the second version
      device = await installDevice(engine, { site, digits });
    }
    await device.close();
  } finally {
    await engine.close();
    await heard.close();
  }
  return trials;
}

/** A device that has the first version, and knows nothing else. */
async function installDevice(engine, { site, digits }) {
  await digits.offer(1);
  const device = await engine.newDevice();
  await visitToTheEnd(device, site, { ...digits.address, works: ['run', 'tune'], forget: true });
  return device;
}

/** @returns what the visit answers */
async function visitToTheEnd(device, site, how) {
  const tab = await device.visit(site, how);
  const late = sleep(VISIT_LIMIT_MS, undefined, { ref: false });
  const answer = await Promise.race([tab.answer, late]);
  await tab.close();
  if (answer?.deaths) return answer;
  throw new Error(`Expected a visit to succeed, got ${JSON.stringify(answer)}`);
}

async function visitForPhase({ device, heard, site, digits, phase }) {
  await digits.offer(phase === 'updating' ? 2 : 1);
  heard.seen.length = 0;
  return device.visit(site, { ...digits.address, ...VISITS[phase], marks: heard.url });
}

/** @returns how long the phase lasts here if nobody disturbs it, ms */
async function timePhase(bench) {
  const { phase, device, site, digits, heard } = bench;
  const tab = await visitForPhase(bench);
  const answer = await tab.answer;
  await tab.close();
  const steps = [...heard.seen];
  const begun = steps.findIndex((one) => one.step === 'stored' && one.phase === phase);
  if (begun < 0) {
    const got = steps.map((one) => `${one.step} ${one.phase}`).join(', ');
    throw new Error(
      `Expected a mark of ${phase}, got ${got}; the visit said ${JSON.stringify(answer)}`,
    );
  }
  await visitToTheEnd(device, site, { ...digits.address, options: QUIET, works: [], forget: true });
  const next = steps.slice(begun).find((one) => one.step !== 'stored' && one.phase !== phase);
  return (next?.atMs ?? performance.now()) - steps[begun].atMs;
}

/** @param {number} drawnMs after the phase has begun */
async function killOnce(bench, drawnMs) {
  const { device, heard, site, digits } = bench;
  const begun = new Promise((resolve) => {
    heard.hear(({ step, phase }) => step === 'stored' && phase === bench.phase && resolve());
  });
  const tab = await visitForPhase(bench);
  await Promise.race([begun.then(() => sleep(drawnMs)), tab.answer]);
  await tab.kill();
  await sleep(LAST_WORDS_MS);
  heard.hear(undefined);
  await tab.close();
  const left = standingMarks(heard.seen);
  const judging = { ...digits.address, options: QUIET, works: [] };
  const first = await visitToTheEnd(device, site, judging);
  const second = await visitToTheEnd(device, site, { ...judging, forget: true });
  return judgeTrial(left, first.deaths, second.deaths);
}

/** @returns {Trial} */
function judgeTrial([mark, ...others], found, foundLater) {
  if (others.length > 0)
    throw new Error(`Expected one page's mark, got ${JSON.stringify([mark, ...others])}`);
  const may = mark?.may ?? [undefined];
  const phase = may.at(-1)?.phase ?? may[0]?.phase ?? 'none';
  const isRight =
    found.length === 0
      ? may.includes(undefined)
      : found.length === 1 && may.some((one) => one && isSame(one, found[0]));
  const isOnce = foundLater.length === found.length;
  if (isRight && isOnce) return { phase, fault: undefined };
  const [left, first, later] = [may, found, foundLater].map((all) => all.map(nameOf).join(' or '));
  return { phase, fault: `left ${left}; found ${first}, and later ${later}` };
}

const FIELDS = ['phase', 'backend', 'variant', 'threads'];

function nameOf(mark) {
  return mark ? FIELDS.map((name) => mark[name] ?? '–').join(' ') : 'none';
}

/** A mark may leave open what its page did not know or choose. */
function isSame(mark, death) {
  return FIELDS.every((name) => mark[name] === undefined || mark[name] === death[name]);
}
